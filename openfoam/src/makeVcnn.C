// The models for incompressible flow, by the names that constant/turbulenceProperties gives.
#include "vcnnModel.H"
#include "vcnnKOmegaSST.H"

VCNN_REGISTER(vcnn);
VCNN_REGISTER(vcnnKOmegaSST);
