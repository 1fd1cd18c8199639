#include "ClosureLink.H"

#include "exchange.H"

#include "PstreamReduceOps.H"
#include "SolverPerformance.H"
#include "calculatedFvPatchFields.H"
#include "clockTime.H"
#include "fvMesh.H"
#include "fvcGrad.H"
#include "surfaceFields.H"
#include "wallFvPatch.H"

#ifndef OPENFOAM
#include "Residuals.H"
#endif

#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <sstream>

static_assert(sizeof(Foam::scalar) == sizeof(double), "expected OpenFOAM in double precision");

namespace Foam
{
namespace
{
//- A number as the worker reads it, to its last digit
std::string digits(scalar value)
{
    std::ostringstream text;
    text.precision(17);
    text << value;
    return text.str();
}

std::string percent(scalar share)
{
    std::ostringstream text;
    text.precision(2);
    text << 100*share << " %";
    return text.str();
}

symmTensor anisotropyIn(const scalarField& answer, label cell)
{
    const scalar* a = &answer[cell*7 + 1];
    return symmTensor(a[0], a[1], a[2], a[3], a[4], a[5]);
}

fileName caseFolder(const Time& time)
{
    const fileName root(time.rootPath());
    return (root.isAbsolute() ? root : cwd()/root)/time.globalCaseName();
}
}

ClosureLink::ClosureLink
(
    const fvMesh& mesh,
    const dictionary& coefficients,
    const word& model,
    const word& answer
)
:
    mesh_(mesh),
    model_(model),
    answer_(answer),
    closure_(coefficients.lookup("model")),
    python_(coefficients.lookupOrDefault<string>("python", "python3")),
    length_(coefficients.lookupOrDefault<scalar>("length", 1)),
    velocity_(coefficients.lookupOrDefault<scalar>("velocity", 1)),
    share_(coefficients.lookupOrDefault<Switch>("share", false))
{
    read(coefficients);
}

void ClosureLink::read(const dictionary& coefficients)
{
    every_ = coefficients.lookupOrDefault<label>("every", 20);
    relaxation_ = coefficients.lookupOrDefault<scalar>("relaxation", 0.5);
    if (every_ < 1)
    {
        FatalIOErrorInFunction(coefficients)
            << "closure: every: expected at least 1, got " << every_ << exit(FatalIOError);
    }
    if (!(relaxation_ > 0 && relaxation_ <= 1))
    {
        FatalIOErrorInFunction(coefficients)
            << "closure: relaxation: expected a number above 0, at most 1, got " << relaxation_
            << exit(FatalIOError);
    }
}

void ClosureLink::endIfAny(const std::string& error) const
{
    label first = error.empty() ? Pstream::nProcs() : Pstream::myProcNo();
    reduce(first, minOp<label>());
    if (first == Pstream::nProcs()) return;
    if (first == Pstream::myProcNo())
    {
        // FatalError would begin another line behind its title; written in pieces, lines of other
        // ranks would come between them
        Info<< flush;
        std::cerr << "\n--> FOAM FATAL ERROR: closure: " + error + "\n\nFOAM exiting\n\n"
            << std::flush;
        if (!Pstream::parRun()) std::exit(1);
        Pstream::exit(1);
    }
    // it ends all: the others wait for that, so that there is one message, not one of each
    label none = 0;
    reduce(none, sumOp<label>());
}

std::vector<std::string> ClosureLink::command() const
{
    const string python(string(python_).expand());
    return
    {
        python, "-P", "-m", "openfoam.worker",
        "--case", caseFolder(mesh_.time()),
        "--model", closure_,
        "--ranks", std::to_string(Pstream::nProcs()),
        "--rank", std::to_string(share_ ? Pstream::myProcNo() : -1),
        "--length", digits(length_),
        "--velocity", digits(velocity_)
    };
}

void ClosureLink::start()
{
    clockTime clock;
    std::string error;
    string ready;
    if (asks())
    {
        error = worker_.start(command());
        ready = worker_.ready();
    }
    endIfAny(error);
    Pstream::scatter(ready);
    agree(ready);
    Info<< "vcnn: closure " << closure_.c_str() << ", ready after " << clock.elapsedTime()
        << " s" << endl;
}

void ClosureLink::agree(const string& ready)
{
    std::istringstream lines(ready);
    std::string line, name, value;
    std::getline(lines, line);
    std::istringstream names(line);
    DynamicList<word> fields;
    std::string error;
    while (names >> name)
    {
        if (!isVector(name) && !mesh_.foundObject<volScalarField>(name))
        {
            error = "needs the field " + name + ", which this case does not have";
            if (name == "USST") error = "needs the flow of k-omega SST: baseline frozen";
        }
        fields.append(name);
    }
    fields_.transfer(fields);
    lines >> value;
    if (value != answer_)
    {
        error = "answers with " + value + ", RASModel " + model_ + " needs " + answer_;
    }
    endIfAny(error);
    lines >> value;
    anisotropy_ = value == "anisotropy";
}

bool ClosureLink::isVector(const word& name) const
{
    return name == "U" || mesh_.foundObject<volVectorField>(name);
}

label ClosureLink::questionColumns() const
{
    label columns = 0;
    forAll(fields_, i) columns += isVector(fields_[i]) ? 3 : 1;
    return columns;
}

scalarField ClosureLink::question(const volVectorField& U) const
{
    const label columns = questionColumns();
    scalarField rows(mesh_.nCells()*columns);
    label at = 0;
    forAll(fields_, i)
    {
        if (isVector(fields_[i]))
        {
            const volVectorField& field =
                fields_[i] == "U" ? U : mesh_.lookupObject<volVectorField>(fields_[i]);
            forAll(field, cell)
            {
                for (direction d = 0; d < 3; ++d) rows[cell*columns + at + d] = field[cell][d];
            }
            at += 3;
            continue;
        }
        const volScalarField& field = mesh_.lookupObject<volScalarField>(fields_[i]);
        forAll(field, cell) rows[cell*columns + at] = field[cell];
        ++at;
    }
    return rows;
}

scalarField ClosureLink::ask(const volVectorField& U)
{
    labelList sizes;
    const label mine = mesh_.nCells();
    const scalarField rows(gatherRanks(question(U), share_, sizes));
    label cells = 0;
    forAll(sizes, rank)
    {
        sizes[rank] *= answerColumns();
        sizes[rank] /= questionColumns();
        cells += sizes[rank]/answerColumns();
    }
    const label answered = share_ ? mine : cells;
    scalarField answer(asks() ? answered*answerColumns() : 0);
    std::string error;
    if (asks())
    {
        error = worker_.ask
        (
            rows.cdata(), cells, questionColumns(),
            answer.data(), answered, answerColumns(), shares_
        );
    }
    endIfAny(error);

    // of all cells: what each worker says weighs as the cells that it answered for
    scalar weight = asks() ? answered : 0;
    scalar clipped = weight ? weight*shares_.clipped : 0;
    scalar extrapolating = weight ? weight*shares_.extrapolating : 0;
    reduce(weight, sumOp<scalar>());
    reduce(clipped, sumOp<scalar>());
    reduce(extrapolating, sumOp<scalar>());
    shares_ = {clipped/weight, extrapolating/weight};
    return share_ ? answer : scatterRanks(answer, sizes);
}

scalar ClosureLink::change
(
    const scalarField& answer,
    const volVectorField& U,
    const scalarField& nu,
    const scalarField& value,
    const scalarField& scale,
    const symmTensorField& a
) const
{
    const label columns = answerColumns();
    const scalarField& V = mesh_.V();
    const tensorField gradU(fvc::grad(U)().primitiveField());
    FixedList<scalar, 4> sums(scalar(0));  // of nut and of a: difference and size
    forAll(value, i)
    {
        const scalar nut = scale[i]*answer[i*columns];
        sums[0] += V[i]*sqr(nut - scale[i]*value[i]);
        sums[1] += V[i]*sqr(nu[i] + nut);
        if (columns == 1) continue;
        const symmTensor now(anisotropyIn(answer, i));
        sums[2] += V[i]*magSqr(now - a[i]);
        sums[3] += V[i]*magSqr(now - (nu[i] + nut)*twoSymm(gradU[i]));
    }
    forAll(sums, i) reduce(sums[i], sumOp<scalar>());
    return Foam::sqrt(max(sums[0]/max(sums[1], VSMALL), sums[2]/max(sums[3], VSMALL)));
}

void ClosureLink::relax(const scalarField& answer, volSymmTensorField& a) const
{
    symmTensorField& inside = a.primitiveFieldRef();
    forAll(inside, i)
    {
        const symmTensor now(anisotropy_ ? anisotropyIn(answer, i) : symmTensor::zero);
        inside[i] += relaxation_*(now - inside[i]);
    }
    a.correctBoundaryConditions();
    auto& boundary = a.boundaryFieldRef();
    forAll(boundary, patch)
    {
        // symmetry and the like know what they do
        fvPatchSymmTensorField& values = boundary[patch];
        if (!isA<calculatedFvPatchSymmTensorField>(values)) continue;
        const symmTensorField cells(values.patchInternalField());
        if (isA<wallFvPatch>(values.patch()))
        {
            // no shear at walls, but normal stresses as beside them: with none the pressure, whose
            // gradient is 0 there, would have nothing to balance them with in the first cells
            const vectorField n(values.patch().nf());
            values == sqr(n)*(n & (cells & n));
        }
        else
        {
            values == cells;
        }
    }
}

void ClosureLink::update
(
    const volVectorField& U,
    const scalarField& nu,
    volScalarField& value,
    const scalarField& scale,
    volSymmTensorField& a
)
{
    clockTime clock;
    if (calls_++ == 0)
    {
        start();
        VCNN_WRITE(a, (anisotropy_ ? IOobject::AUTO_WRITE : IOobject::NO_WRITE));
    }
    const scalarField answer(ask(U));
    change_ = change(answer, U, nu, value, scale, a);
    scalarField& inside = value.primitiveFieldRef();
    forAll(inside, i)
    {
        inside[i] += relaxation_*(answer[i*answerColumns()] - inside[i]);
    }
    relax(answer, a);
    report(clock.elapsedTime());
}

void ClosureLink::report(scalar seconds)
{
    std::ostringstream said;
    said << "vcnn: call " << calls_ << ", change " << std::setprecision(2) << change_;
    if (shares_.clipped >= 0) said << ", clipped " << percent(shares_.clipped);
    if (shares_.extrapolating >= 0)
    {
        said << ", extrapolating " << percent(shares_.extrapolating);
    }
    said << ", " << seconds << " s";
    Info<< said.str().c_str() << endl;
    if (!Pstream::master()) return;
    const Time& time = mesh_.time();
    if (!table_.valid())
    {
        const fileName folder
        (
            caseFolder(time)/"postProcessing"/"vcnn"/Time::timeName(time.startTime().value())
        );
        mkDir(folder);
        table_.reset(new OFstream(folder/"closure.dat"));
        table_() << "# Time call change clipped extrapolating seconds" << nl;
    }
    table_() << time.value() << tab << calls_ << tab << change_ << tab << shares_.clipped << tab
        << shares_.extrapolating << tab << seconds << endl;
}

void ClosureLink::setPerformance() const
{
    const SolverPerformance<scalar> performance("vcnn", "nut", change_, change_, 1, false, false);
    VCNN_PERFORMANCE(mesh_, performance);
}
}
