#include "vcnnKOmegaSST.H"
#include "start.H"

namespace Foam
{
namespace RASModels
{

template<class Basic>
vcnnKOmegaSST<Basic>::vcnnKOmegaSST
(
    const alphaField& alpha,
    const rhoField& rho,
    const volVectorField& U,
    const surfaceScalarField& alphaRhoPhi,
    const surfaceScalarField& phi,
    VCNN_LAST_PARAMETERS_DEFINED,
    const word& type
)
:
    VCNN_SST(type, alpha, rho, U, alphaRhoPhi, phi, VCNN_LAST_ARGUMENTS),
    frozen_(baselineIsFrozen(VCNN_COEFFICIENTS)),
    correction_
    (
        restartField("beta", VCNN_TIME, this->mesh_, dimensionedScalar("one", dimless, 1))
    ),
    nutSST_
    (
        restartField
        (
            "nutSST", VCNN_TIME, this->mesh_, dimensionedScalar("none", dimViscosity, 0)
        )
    ),
    link_(this->mesh_, VCNN_COEFFICIENTS, type, "beta")
{
    if (frozen_)
    {
        const IOobject file
        (
            "USST", VCNN_TIME, this->mesh_, IOobject::READ_IF_PRESENT, IOobject::AUTO_WRITE
        );
        USST_.reset(new volVectorField(file, U));
    }
    readAnisotropy(this->nonlinearStress_, VCNN_TIME);
}

template<class Basic>
void vcnnKOmegaSST<Basic>::applyCorrection()
{
    this->nut_.primitiveFieldRef() = correction_.primitiveField()*nutSST_.primitiveField();
    this->nut_.correctBoundaryConditions();
}

template<class Basic>
void vcnnKOmegaSST<Basic>::correctNut(VCNN_SST_PARAMETERS)
{
    // one that is frozen is computed at the first start, and read from then on
    if (!frozen_ || gMax(nutSST_.primitiveField()) <= 0)
    {
        VCNN_SST::correctNut(VCNN_SST_ARGUMENTS);
        nutSST_ = this->nut_;
    }
    applyCorrection();
}

template<class Basic>
bool vcnnKOmegaSST<Basic>::read()
{
    if (!VCNN_SST::read()) return false;
    link_.read(VCNN_COEFFICIENTS);
    return true;
}

template<class Basic>
void vcnnKOmegaSST<Basic>::correct()
{
    if (!this->turbulence_) return;
    if (!frozen_) VCNN_SST::correct();
    if (link_.due())
    {
        const scalarField nu(this->nu()().primitiveField());
        link_.update
        (
            this->U_, nu, correction_, nutSST_.primitiveField(), this->nonlinearStress_
        );
        correction_.correctBoundaryConditions();
        applyCorrection();
    }
    link_.setPerformance();
}

}
}
