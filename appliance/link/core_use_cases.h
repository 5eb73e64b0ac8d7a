// CoreUseCases: what a core offers over its link. The daemon makes them, the routes call them.
#ifndef INTAGLIO_APPLIANCE_LINK_CORE_USE_CASES_H_
#define INTAGLIO_APPLIANCE_LINK_CORE_USE_CASES_H_

#include "appliance/journal/export_journal.h"
#include "appliance/usecases/accept_certificate.h"
#include "appliance/usecases/add_authenticator.h"
#include "appliance/usecases/attest_keys.h"
#include "appliance/usecases/change_state.h"
#include "appliance/usecases/execute_command.h"
#include "appliance/usecases/generate_signer_key.h"
#include "appliance/usecases/issue_certificate.h"
#include "appliance/usecases/record_epochs.h"
#include "appliance/usecases/remove_authenticator.h"
#include "appliance/usecases/seal_authorisations.h"
#include "appliance/usecases/seal_batches.h"
#include "appliance/usecases/sign_document.h"
#include "appliance/usecases/sign_status.h"

namespace intaglio::appliance {

struct CoreUseCases {
  ExecuteCommand& execute_command;
  GenerateSignerKey& generate_signer_key;
  AttestKeys& attest_keys;
  IssueCertificate& issue_certificate;
  SignDocument& sign_document;
  AcceptCertificate& accept_certificate;
  BindAuthenticator& bind_authenticator;
  UnbindAuthenticator& unbind_authenticator;
  ChangeState& change_state;
  SignStatus& sign_status;
  RecordEpochs& record_epochs;
  SealAuthorisations& seal_authorisations;
  SealBatches& seal_batches;
  ExportJournal& export_journal;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_CORE_USE_CASES_H_
