// Process: the one simulator of this copy of the module, and when it lives.
#ifndef INTAGLIO_HARDWARE_SIM_PKCS11_PROCESS_H_
#define INTAGLIO_HARDWARE_SIM_PKCS11_PROCESS_H_

#include "hardware-sim/device/simulator.h"

namespace intaglio::sim {

// The simulator between C_Initialize and C_Finalize, else null. It is never deleted.
Simulator* ActiveSimulator();

// C_Initialize: reads the configuration; the same text as before keeps the device's state. A wrong
// configuration is CKR_GENERAL_ERROR, and its failure is written to stderr.
CK_RV InitializeProcess(void* args);
CK_RV FinalizeProcess(void* reserved);

}  // namespace intaglio::sim

#endif  // INTAGLIO_HARDWARE_SIM_PKCS11_PROCESS_H_
