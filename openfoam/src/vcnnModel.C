#include "vcnnModel.H"
#include "start.H"

namespace Foam
{
namespace RASModels
{

template<class Basic>
vcnn<Basic>::vcnn
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
    nonlinearEddyViscosity<RASModel<Basic>>
    (
        type, alpha, rho, U, alphaRhoPhi, phi, VCNN_LAST_ARGUMENTS
    ),
    link_(this->mesh_, VCNN_COEFFICIENTS, type, "nut")
{
    readAnisotropy(this->nonlinearStress_, VCNN_TIME);
}

template<class Basic>
bool vcnn<Basic>::read()
{
    if (!nonlinearEddyViscosity<RASModel<Basic>>::read()) return false;
    link_.read(VCNN_COEFFICIENTS);
    return true;
}

template<class Basic>
tmp<volScalarField> vcnn<Basic>::k() const
{
    return volScalarField::New("k", this->mesh_, dimensionedScalar("k", sqr(dimVelocity), 0));
}

template<class Basic>
tmp<volScalarField> vcnn<Basic>::epsilon() const
{
    const dimensionedScalar none("epsilon", sqr(dimVelocity)/dimTime, 0);
    return volScalarField::New("epsilon", this->mesh_, none);
}

template<class Basic>
tmp<volScalarField> vcnn<Basic>::omega() const
{
    const dimensionedScalar none("omega", dimless/dimTime, 0);
    return volScalarField::New("omega", this->mesh_, none);
}

template<class Basic>
void vcnn<Basic>::correct()
{
    if (!this->turbulence_) return;
    nonlinearEddyViscosity<RASModel<Basic>>::correct();
    if (link_.due())
    {
        const scalarField one(this->mesh_.nCells(), scalar(1));
        const scalarField nu(this->nu()().primitiveField());
        link_.update(this->U_, nu, this->nut_, one, this->nonlinearStress_);
        this->nut_.correctBoundaryConditions();
    }
    link_.setPerformance();
}

}
}
