// The functions the module exports, and their list. One shape for all: short where nothing is
// simulated, else through Simulator::Act with what the simulator looks at.
#include "hardware-sim/pkcs11/process.h"

namespace {

using intaglio::ByteView;
using intaglio::sim::ActiveSimulator;
using intaglio::sim::Call;
using intaglio::sim::Function;
using intaglio::sim::Simulator;

std::span<const CK_ATTRIBUTE> Template(const CK_ATTRIBUTE* wanted, CK_ULONG count) {
  return {wanted, wanted == nullptr ? 0 : count};
}
std::span<CK_ATTRIBUTE> Reading(CK_ATTRIBUTE* wanted, CK_ULONG count) {
  return {wanted, wanted == nullptr ? 0 : count};
}
std::vector<CK_ULONG> Room(const CK_ATTRIBUTE* wanted, CK_ULONG count) {
  std::vector<CK_ULONG> out;
  for (const CK_ATTRIBUTE& attribute : Template(wanted, count)) out.push_back(attribute.ulValueLen);
  return out;
}
ByteView Octets(const CK_BYTE* octets, CK_ULONG size) {
  return {octets, octets == nullptr ? 0 : size};
}

// `facts` is called only where somebody looks at the call.
template <class Facts, class Short, class Long>
CK_RV Pass(const Facts& facts, const Short& direct, const Long& simulated) {
  Simulator* const s = ActiveSimulator();
  if (s == nullptr) return CKR_CRYPTOKI_NOT_INITIALIZED;
  if (s->TryEnter()) {
    const CK_RV rv = direct(s->wrapped());
    s->Leave();
    return rv;
  }
  return s->Act(facts(), [&] { return simulated(*s); });
}

// Opens and ends sessions: always looked at, so that the device knows its sessions.
template <class Facts, class Long>
CK_RV PassTracked(const Facts& facts, const Long& simulated) {
  Simulator* const s = ActiveSimulator();
  if (s == nullptr) return CKR_CRYPTOKI_NOT_INITIALIZED;
  return s->Act(facts(), [&] { return simulated(*s); });
}

}  // namespace

// A module may leave out what it does not support.
#define WRAPPED(f, NAME, ...) \
  ((f).NAME == nullptr ? CKR_FUNCTION_NOT_SUPPORTED : (f).NAME(__VA_ARGS__))

extern "C" {

CK_RV C_Initialize(void* init_args) { return intaglio::sim::InitializeProcess(init_args); }

CK_RV C_Finalize(void* reserved) { return intaglio::sim::FinalizeProcess(reserved); }

CK_RV C_GetInfo(CK_INFO* info) {
  return Pass([&] { return Call{.function = Function::kC_GetInfo}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetInfo, info); },
              [&](Simulator& s) { return WRAPPED(s.wrapped(), C_GetInfo, info); });
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST** function_list);  // below

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID* slot_list, CK_ULONG* count) {
  return Pass([&] { return Call{.function = Function::kC_GetSlotList}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_GetSlotList, token_present, slot_list, count);
              },
              [&](Simulator& s) { return s.GetSlotList(token_present, slot_list, count); });
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot_id, CK_SLOT_INFO* info) {
  return Pass([&] { return Call{.function = Function::kC_GetSlotInfo, .slot = slot_id}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetSlotInfo, slot_id, info); },
              [&](Simulator& s) { return s.GetSlotInfo(slot_id, info); });
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot_id, CK_TOKEN_INFO* info) {
  return Pass([&] { return Call{.function = Function::kC_GetTokenInfo, .slot = slot_id}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetTokenInfo, slot_id, info); },
              [&](Simulator& s) { return s.GetTokenInfo(slot_id, info); });
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot_id, CK_MECHANISM_TYPE* mechanism_list, CK_ULONG* count) {
  return Pass([&] { return Call{.function = Function::kC_GetMechanismList, .slot = slot_id}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_GetMechanismList, slot_id, mechanism_list, count);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_GetMechanismList, s.WrappedSlot(slot_id),
                               mechanism_list, count);
              });
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot_id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  return Pass([&] { return Call{.function = Function::kC_GetMechanismInfo, .slot = slot_id}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_GetMechanismInfo, slot_id, type, info);
              },
              [&](Simulator& s) { return s.GetMechanismInfo(slot_id, type, info); });
}

CK_RV C_InitToken(CK_SLOT_ID slot_id, CK_BYTE* pin, CK_ULONG pin_len, CK_BYTE* label) {
  return Pass([&] { return Call{.function = Function::kC_InitToken, .slot = slot_id}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_InitToken, slot_id, pin, pin_len, label);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_InitToken, s.WrappedSlot(slot_id), pin, pin_len,
                               label);
              });
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE* pin, CK_ULONG pin_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_InitPIN, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_InitPIN, session, pin, pin_len); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_InitPIN, session, pin, pin_len); });
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE* old_pin, CK_ULONG old_len, CK_BYTE* new_pin,
               CK_ULONG new_len) {
  return Pass([&] { return Call{.function = Function::kC_SetPIN, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_SetPIN, session, old_pin, old_len, new_pin, new_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_SetPIN, session, old_pin, old_len, new_pin, new_len);
              });
}

CK_RV C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                    CK_SESSION_HANDLE* session) {
  return PassTracked(
      [&] {
        return Call{.function = Function::kC_OpenSession, .slot = slot_id, .opened = session};
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_OpenSession, s.WrappedSlot(slot_id), flags, application,
                       notify, session);
      });
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session) {
  return PassTracked(
      [&] { return Call{.function = Function::kC_CloseSession, .session = session}; },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_CloseSession, session); });
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot_id) {
  return PassTracked(
      [&] { return Call{.function = Function::kC_CloseAllSessions, .slot = slot_id}; },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_CloseAllSessions, s.WrappedSlot(slot_id));
      });
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return Pass(
      [&] { return Call{.function = Function::kC_GetSessionInfo, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetSessionInfo, session, info); },
      [&](Simulator& s) { return s.GetSessionInfo(session, info); });
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE* operation_state,
                          CK_ULONG* operation_state_len) {
  return Pass([&] { return Call{.function = Function::kC_GetOperationState, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_GetOperationState, session, operation_state,
                               operation_state_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_GetOperationState, session, operation_state,
                               operation_state_len);
              });
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE* operation_state,
                          CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
                          CK_OBJECT_HANDLE authentication_key) {
  return Pass([&] { return Call{.function = Function::kC_SetOperationState, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_SetOperationState, session, operation_state,
                               operation_state_len, encryption_key, authentication_key);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_SetOperationState, session, operation_state,
                               operation_state_len, encryption_key, authentication_key);
              });
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_BYTE* pin, CK_ULONG pin_len) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_Login,
                    .session = session,
                    .user = user_type,
                    .pin = Octets(pin, pin_len)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_Login, session, user_type, pin, pin_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_Login, session, user_type, pin, pin_len);
      });
}

CK_RV C_Logout(CK_SESSION_HANDLE session) {
  return Pass([&] { return Call{.function = Function::kC_Logout, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_Logout, session); },
              [&](Simulator& s) { return WRAPPED(s.wrapped(), C_Logout, session); });
}

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count,
                     CK_OBJECT_HANDLE* object) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_CreateObject,
                    .session = session,
                    .making = Template(wanted, count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_CreateObject, session, wanted, count, object);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_CreateObject, session, wanted, count, object);
      });
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                   CK_ULONG count, CK_OBJECT_HANDLE* new_object) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_CopyObject,
                    .session = session,
                    .object = object,
                    .making = Template(wanted, count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_CopyObject, session, object, wanted, count, new_object);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_CopyObject, session, object, wanted, count, new_object);
      });
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_DestroyObject, .session = session, .object = object};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_DestroyObject, session, object); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_DestroyObject, session, object); });
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG* size) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_GetObjectSize, .session = session, .object = object};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetObjectSize, session, object, size); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_GetObjectSize, session, object, size); });
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_GetAttributeValue,
                    .session = session,
                    .object = object,
                    .reading = Reading(wanted, count),
                    .room = Room(wanted, count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_GetAttributeValue, session, object, wanted, count);
      },
      [&](Simulator& s) { return s.GetAttributeValue(session, object, wanted, count); });
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count) {
  return Pass(
      [&] {
        return Call{
            .function = Function::kC_SetAttributeValue, .session = session, .object = object};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_SetAttributeValue, session, object, wanted, count);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_SetAttributeValue, session, object, wanted, count);
      });
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  return Pass([&] { return Call{.function = Function::kC_FindObjectsInit, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_FindObjectsInit, session, wanted, count);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_FindObjectsInit, session, wanted, count);
              });
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* object, CK_ULONG max_object_count,
                    CK_ULONG* object_count) {
  return Pass([&] { return Call{.function = Function::kC_FindObjects, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_FindObjects, session, object, max_object_count, object_count);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_FindObjects, session, object, max_object_count,
                               object_count);
              });
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session) {
  return Pass([&] { return Call{.function = Function::kC_FindObjectsFinal, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_FindObjectsFinal, session); },
              [&](Simulator& s) { return WRAPPED(s.wrapped(), C_FindObjectsFinal, session); });
}

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_EncryptInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_EncryptInit, session, mechanism, key); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_EncryptInit, session, mechanism, key); });
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len,
                CK_BYTE* encrypted_data, CK_ULONG* encrypted_data_len) {
  return Pass([&] { return Call{.function = Function::kC_Encrypt, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_Encrypt, session, data, data_len, encrypted_data,
                               encrypted_data_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_Encrypt, session, data, data_len, encrypted_data,
                               encrypted_data_len);
              });
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len,
                      CK_BYTE* encrypted_part, CK_ULONG* encrypted_part_len) {
  return Pass([&] { return Call{.function = Function::kC_EncryptUpdate, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_EncryptUpdate, session, part, part_len, encrypted_part,
                               encrypted_part_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_EncryptUpdate, session, part, part_len,
                               encrypted_part, encrypted_part_len);
              });
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE* last_encrypted_part,
                     CK_ULONG* last_encrypted_part_len) {
  return Pass([&] { return Call{.function = Function::kC_EncryptFinal, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_EncryptFinal, session, last_encrypted_part,
                               last_encrypted_part_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_EncryptFinal, session, last_encrypted_part,
                               last_encrypted_part_len);
              });
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_DecryptInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_DecryptInit, session, mechanism, key); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_DecryptInit, session, mechanism, key); });
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE* encrypted_data, CK_ULONG encrypted_data_len,
                CK_BYTE* data, CK_ULONG* data_len) {
  return Pass([&] { return Call{.function = Function::kC_Decrypt, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_Decrypt, session, encrypted_data, encrypted_data_len, data,
                               data_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_Decrypt, session, encrypted_data, encrypted_data_len,
                               data, data_len);
              });
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* encrypted_part,
                      CK_ULONG encrypted_part_len, CK_BYTE* part, CK_ULONG* part_len) {
  return Pass([&] { return Call{.function = Function::kC_DecryptUpdate, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_DecryptUpdate, session, encrypted_part, encrypted_part_len,
                               part, part_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_DecryptUpdate, session, encrypted_part,
                               encrypted_part_len, part, part_len);
              });
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE* last_part, CK_ULONG* last_part_len) {
  return Pass([&] { return Call{.function = Function::kC_DecryptFinal, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_DecryptFinal, session, last_part, last_part_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_DecryptFinal, session, last_part, last_part_len);
              });
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism) {
  return Pass(
      [&] {
        return Call{
            .function = Function::kC_DigestInit, .session = session, .mechanism = mechanism};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_DigestInit, session, mechanism); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_DigestInit, session, mechanism); });
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* digest,
               CK_ULONG* digest_len) {
  return Pass([&] { return Call{.function = Function::kC_Digest, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_Digest, session, data, data_len, digest, digest_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_Digest, session, data, data_len, digest, digest_len);
              });
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_DigestUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_DigestUpdate, session, part, part_len);
      },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_DigestUpdate, session, part, part_len); });
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] { return Call{.function = Function::kC_DigestKey, .session = session, .object = key}; },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_DigestKey, session, key); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_DigestKey, session, key); });
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE* digest, CK_ULONG* digest_len) {
  return Pass([&] { return Call{.function = Function::kC_DigestFinal, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_DigestFinal, session, digest, digest_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_DigestFinal, session, digest, digest_len);
              });
}

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_SignInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_SignInit, session, mechanism, key); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_SignInit, session, mechanism, key); });
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* signature,
             CK_ULONG* signature_len) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_Sign,
                    .session = session,
                    .out = signature,
                    .out_size = signature_len};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_Sign, session, data, data_len, signature, signature_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_Sign, session, data, data_len, signature, signature_len);
      });
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_SignUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_SignUpdate, session, part, part_len); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_SignUpdate, session, part, part_len); });
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG* signature_len) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_SignFinal,
                    .session = session,
                    .out = signature,
                    .out_size = signature_len};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_SignFinal, session, signature, signature_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_SignFinal, session, signature, signature_len);
      });
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_SignRecoverInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_SignRecoverInit, session, mechanism, key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_SignRecoverInit, session, mechanism, key);
      });
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* signature,
                    CK_ULONG* signature_len) {
  return Pass([&] { return Call{.function = Function::kC_SignRecover, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_SignRecover, session, data, data_len, signature, signature_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_SignRecover, session, data, data_len, signature,
                               signature_len);
              });
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_VerifyInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_VerifyInit, session, mechanism, key); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_VerifyInit, session, mechanism, key); });
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* signature,
               CK_ULONG signature_len) {
  return Pass([&] { return Call{.function = Function::kC_Verify, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_Verify, session, data, data_len, signature, signature_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_Verify, session, data, data_len, signature,
                               signature_len);
              });
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_VerifyUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_VerifyUpdate, session, part, part_len);
      },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_VerifyUpdate, session, part, part_len); });
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG signature_len) {
  return Pass([&] { return Call{.function = Function::kC_VerifyFinal, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_VerifyFinal, session, signature, signature_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_VerifyFinal, session, signature, signature_len);
              });
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism,
                          CK_OBJECT_HANDLE key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_VerifyRecoverInit,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_VerifyRecoverInit, session, mechanism, key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_VerifyRecoverInit, session, mechanism, key);
      });
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG signature_len,
                      CK_BYTE* data, CK_ULONG* data_len) {
  return Pass([&] { return Call{.function = Function::kC_VerifyRecover, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_VerifyRecover, session, signature, signature_len, data,
                               data_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_VerifyRecover, session, signature, signature_len,
                               data, data_len);
              });
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len,
                            CK_BYTE* encrypted_part, CK_ULONG* encrypted_part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_DigestEncryptUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_DigestEncryptUpdate, session, part, part_len, encrypted_part,
                       encrypted_part_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_DigestEncryptUpdate, session, part, part_len, encrypted_part,
                       encrypted_part_len);
      });
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE* encrypted_part,
                            CK_ULONG encrypted_part_len, CK_BYTE* part, CK_ULONG* part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_DecryptDigestUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_DecryptDigestUpdate, session, encrypted_part, encrypted_part_len, part,
                       part_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_DecryptDigestUpdate, session, encrypted_part,
                       encrypted_part_len, part, part_len);
      });
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len,
                          CK_BYTE* encrypted_part, CK_ULONG* encrypted_part_len) {
  return Pass([&] { return Call{.function = Function::kC_SignEncryptUpdate, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) {
                return WRAPPED(f, C_SignEncryptUpdate, session, part, part_len, encrypted_part,
                               encrypted_part_len);
              },
              [&](Simulator& s) {
                return WRAPPED(s.wrapped(), C_SignEncryptUpdate, session, part, part_len,
                               encrypted_part, encrypted_part_len);
              });
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE* encrypted_part,
                            CK_ULONG encrypted_part_len, CK_BYTE* part, CK_ULONG* part_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_DecryptVerifyUpdate, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_DecryptVerifyUpdate, session, encrypted_part, encrypted_part_len, part,
                       part_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_DecryptVerifyUpdate, session, encrypted_part,
                       encrypted_part_len, part, part_len);
      });
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* wanted,
                    CK_ULONG count, CK_OBJECT_HANDLE* key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_GenerateKey,
                    .session = session,
                    .mechanism = mechanism,
                    .making = Template(wanted, count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_GenerateKey, session, mechanism, wanted, count, key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_GenerateKey, session, mechanism, wanted, count, key);
      });
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism,
                        CK_ATTRIBUTE* public_key_template, CK_ULONG public_key_attribute_count,
                        CK_ATTRIBUTE* private_key_template, CK_ULONG private_key_attribute_count,
                        CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_GenerateKeyPair,
                    .session = session,
                    .mechanism = mechanism,
                    .making = Template(private_key_template, private_key_attribute_count),
                    .making_public = Template(public_key_template, public_key_attribute_count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_GenerateKeyPair, session, mechanism, public_key_template,
                       public_key_attribute_count, private_key_template,
                       private_key_attribute_count, public_key, private_key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_GenerateKeyPair, session, mechanism, public_key_template,
                       public_key_attribute_count, private_key_template,
                       private_key_attribute_count, public_key, private_key);
      });
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE wrapping_key,
                CK_OBJECT_HANDLE key, CK_BYTE* wrapped_key, CK_ULONG* wrapped_key_len) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_WrapKey,
                    .session = session,
                    .mechanism = mechanism,
                    .object = key};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_WrapKey, session, mechanism, wrapping_key, key, wrapped_key,
                       wrapped_key_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_WrapKey, session, mechanism, wrapping_key, key, wrapped_key,
                       wrapped_key_len);
      });
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism,
                  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE* wrapped_key, CK_ULONG wrapped_key_len,
                  CK_ATTRIBUTE* wanted, CK_ULONG attribute_count, CK_OBJECT_HANDLE* key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_UnwrapKey,
                    .session = session,
                    .mechanism = mechanism,
                    .object = unwrapping_key,
                    .making = Template(wanted, attribute_count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_UnwrapKey, session, mechanism, unwrapping_key, wrapped_key,
                       wrapped_key_len, wanted, attribute_count, key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_UnwrapKey, session, mechanism, unwrapping_key, wrapped_key,
                       wrapped_key_len, wanted, attribute_count, key);
      });
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE base_key,
                  CK_ATTRIBUTE* wanted, CK_ULONG attribute_count, CK_OBJECT_HANDLE* key) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_DeriveKey,
                    .session = session,
                    .mechanism = mechanism,
                    .object = base_key,
                    .making = Template(wanted, attribute_count)};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_DeriveKey, session, mechanism, base_key, wanted, attribute_count, key);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_DeriveKey, session, mechanism, base_key, wanted,
                       attribute_count, key);
      });
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE* seed, CK_ULONG seed_len) {
  return Pass(
      [&] { return Call{.function = Function::kC_SeedRandom, .session = session}; },
      [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_SeedRandom, session, seed, seed_len); },
      [&](Simulator& s) { return WRAPPED(s.wrapped(), C_SeedRandom, session, seed, seed_len); });
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE* random_data, CK_ULONG random_len) {
  return Pass(
      [&] {
        return Call{.function = Function::kC_GenerateRandom,
                    .session = session,
                    .out = random_data,
                    .random_size = random_len};
      },
      [&](const CK_FUNCTION_LIST& f) {
        return WRAPPED(f, C_GenerateRandom, session, random_data, random_len);
      },
      [&](Simulator& s) {
        return WRAPPED(s.wrapped(), C_GenerateRandom, session, random_data, random_len);
      });
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session) {
  return Pass([&] { return Call{.function = Function::kC_GetFunctionStatus, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_GetFunctionStatus, session); },
              [&](Simulator& s) { return WRAPPED(s.wrapped(), C_GetFunctionStatus, session); });
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session) {
  return Pass([&] { return Call{.function = Function::kC_CancelFunction, .session = session}; },
              [&](const CK_FUNCTION_LIST& f) { return WRAPPED(f, C_CancelFunction, session); },
              [&](Simulator& s) { return WRAPPED(s.wrapped(), C_CancelFunction, session); });
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID* slot, void* reserved) {
  Simulator* const s = ActiveSimulator();
  if (s == nullptr) return CKR_CRYPTOKI_NOT_INITIALIZED;
  // It may wait for ever: outside the gate.
  return s->Act(Call{.function = Function::kC_WaitForSlotEvent}, [&] {
    const CK_RV rv = WRAPPED(s->wrapped(), C_WaitForSlotEvent, flags, slot, reserved);
    if (rv == CKR_OK && slot != nullptr) *slot = s->ApparentSlot(*slot);
    return rv;
  });
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST** function_list) {
  static CK_FUNCTION_LIST list = {{CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR},
#define INTAGLIO_SIM_ENTRY(name, scope, operation, step) name,
                                  INTAGLIO_SIM_FUNCTIONS(INTAGLIO_SIM_ENTRY)
#undef INTAGLIO_SIM_ENTRY
  };
  if (function_list == nullptr) return CKR_ARGUMENTS_BAD;
  *function_list = &list;
  return CKR_OK;
}

}  // extern "C"
