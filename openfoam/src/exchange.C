#include "exchange.H"

#include "Pstream.H"
#include "PstreamBuffers.H"
#include "SubField.H"
#include "UIPstream.H"
#include "UOPstream.H"

namespace Foam
{
scalarField gatherRanks(const scalarField& mine, bool everywhere, labelList& sizes)
{
    const label me = Pstream::myProcNo();
    List<scalarField> parts(Pstream::nProcs());
    parts[me] = mine;
    if (Pstream::parRun())
    {
        PstreamBuffers buffers(Pstream::commsTypes::nonBlocking);
        forAll(parts, rank)
        {
            if (rank == me || !(everywhere || rank == Pstream::masterNo())) continue;
            UOPstream to(rank, buffers);
            to << mine;
        }
        buffers.finishedSends();
        forAll(parts, rank)
        {
            if (rank == me || !(everywhere || Pstream::master())) continue;
            UIPstream from(rank, buffers);
            from >> parts[rank];
        }
    }
    sizes.setSize(parts.size());
    label size = 0;
    forAll(parts, rank) size += sizes[rank] = parts[rank].size();
    scalarField whole(size);
    label at = 0;
    forAll(parts, rank)
    {
        forAll(parts[rank], i) whole[at++] = parts[rank][i];
    }
    return whole;
}

scalarField scatterRanks(const scalarField& whole, const labelList& sizes)
{
    if (!Pstream::parRun()) return whole;
    scalarField mine;
    PstreamBuffers buffers(Pstream::commsTypes::nonBlocking);
    if (Pstream::master())
    {
        label start = 0;
        forAll(sizes, rank)
        {
            const scalarField part(SubField<scalar>(whole, sizes[rank], start));
            start += sizes[rank];
            if (rank == Pstream::myProcNo())
            {
                mine = part;
                continue;
            }
            UOPstream to(rank, buffers);
            to << part;
        }
    }
    buffers.finishedSends();
    if (!Pstream::master())
    {
        UIPstream from(Pstream::masterNo(), buffers);
        from >> mine;
    }
    return mine;
}
}
