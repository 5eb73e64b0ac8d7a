#include "appliance/usecases/seal_ledger.h"

#include <algorithm>

#include "appliance/crypto/hash.h"
#include "appliance/domain/reasons.h"

namespace intaglio::appliance {
namespace {

constexpr Duration kKeptAfterEnd = 31 * kDay;
// Accounts in memory; one that is dropped is read again, at the price of its blocks.
constexpr size_t kMostAccounts = 4096;

Status Unauthorised(const SealAuthorisationId& id) {
  return Fail(kSealUnauthorised, "authorisation " + id.hex());
}

Status Withdrawn(const SealAuthorisationId& id) {
  return Fail(kSealWithdrawn, "authorisation " + id.hex());
}

}  // namespace

bool NearlySpent(const SealAuthorisation& authorisation, uint64_t used) {
  return used * 5 >= authorisation.most_signatures * 4;
}

bool NearlyOver(const SealAuthorisation& authorisation, WallTime now) {
  return (now - authorisation.not_before) * 5 >=
         (authorisation.not_after - authorisation.not_before) * 4;
}

void SealLedger::Minute::MoveTo(int64_t second) {
  if (second - newest >= static_cast<int64_t>(kSlots)) {
    slots.fill(0);
    sum = 0;
    newest = second;
  }
  while (newest < second) {
    uint64_t& oldest = slots[static_cast<size_t>(++newest) % kSlots];
    sum -= oldest;
    oldest = 0;
  }
}

void SealLedger::Minute::Add(uint64_t count) {
  slots[static_cast<size_t>(newest) % kSlots] += count;
  sum += count;
}

Status SealLedger::Enter(const KeyId& key_id, const SealAuthorisationId& id, ByteView octets,
                         WallTime now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const auto there, state_.ListSeals(key_id, kMostPerKey + 1));
  std::vector<SealAuthorisationId> over;
  for (const auto& [each, row] : there) {
    if (each == id) return OkStatus();
    ASSIGN_OR_RETURN(const SealAuthorisation authorisation, decode_(row.authorisation));
    if (authorisation.not_after + kKeptAfterEnd < now) over.push_back(each);
  }
  if (there.size() - over.size() >= kMostPerKey) {
    return Fail(kSealTooMany, "this key has " + std::to_string(kMostPerKey) +
                                  " authorisations; they go 31 days after their end");
  }
  RETURN_IF_ERROR(state_.Update([&](RowTransaction& rows) -> Status {
    for (const auto& each : over) RETURN_IF_ERROR(rows.EraseSeal(key_id, each));
    ASSIGN_OR_RETURN(const auto before, rows.FindSeal(key_id, id));
    if (before) return OkStatus();
    return rows.PutSeal(key_id, id, SealLedgerRow{.authorisation = ToBytes(octets)});
  }));
  for (const auto& each : over) accounts_.erase({key_id, each});
  return OkStatus();
}

StatusOr<std::unique_ptr<SealLedger::Account>> SealLedger::Read(const SealLedgerRow& row) const {
  auto account = std::make_unique<Account>();
  ASSIGN_OR_RETURN(account->authorisation, decode_(row.authorisation));
  account->row = row;
  account->used = row.reserved;
  account->highest = row.last_sequence;
  account->begun = ~uint64_t{0};
  account->told = {row.warned_of_quota, row.warned_of_end};
  account->minute.newest = clock_.SinceBoot().ms / kSecond;
  return account;
}

Status SealLedger::MakeRoom() {
  if (accounts_.size() < kMostAccounts) return OkStatus();
  const int64_t second = clock_.SinceBoot().ms / kSecond;
  auto idle = accounts_.end();
  for (auto each = accounts_.begin(); each != accounts_.end(); ++each) {
    Account& account = *each->second;
    account.minute.MoveTo(second);
    // Its minute, or its batches under way, would begin anew.
    if (account.minute.sum > 0 || !account.trees.empty()) continue;
    if (idle == accounts_.end() || account.used_at < idle->second->used_at) idle = each;
  }
  if (idle == accounts_.end()) {
    return Fail(kSealTooMany, "every one of " + std::to_string(kMostAccounts) +
                                  " authorisations is in use; try again in a minute");
  }
  accounts_.erase(idle);
  return OkStatus();
}

StatusOr<SealLedger::Account*> SealLedger::Load(const KeyId& key_id,
                                                const SealAuthorisationId& id) {
  const Place place{key_id, id};
  const auto found = accounts_.find(place);
  if (found != accounts_.end()) {
    if (found->second->row.withdrawn) return Withdrawn(id);
    found->second->used_at = clock_.SinceBoot();
    return found->second.get();
  }
  ASSIGN_OR_RETURN(const auto row, state_.FindSeal(key_id, id));
  if (!row) return Unauthorised(id);
  if (row->withdrawn) return Withdrawn(id);
  ASSIGN_OR_RETURN(auto account, Read(*row));
  account->used_at = clock_.SinceBoot();
  RETURN_IF_ERROR(MakeRoom());
  return (accounts_[place] = std::move(account)).get();
}

StatusOr<SealAuthorisation> SealLedger::Find(const KeyId& key_id, const SealAuthorisationId& id) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Account* account, Load(key_id, id));
  return account->authorisation;
}

Status SealLedger::Withdraw(const KeyId& key_id, const SealAuthorisationId& id) {
  std::lock_guard lock(mutex_);
  SealLedgerRow withdrawn;
  RETURN_IF_ERROR(state_.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(const auto row, rows.FindSeal(key_id, id));
    if (!row) return Unauthorised(id);
    withdrawn = *row;
    withdrawn.withdrawn = true;
    return rows.PutSeal(key_id, id, withdrawn);
  }));
  const auto found = accounts_.find({key_id, id});
  if (found != accounts_.end()) found->second->row.withdrawn = true;
  return OkStatus();
}

bool SealLedger::IsUnderWay(const KeyId& key_id, const SealBatch& batch,
                            const Digest& batch_digest) {
  std::lock_guard lock(mutex_);
  const auto account = accounts_.find({key_id, batch.authorisation_id});
  return account != accounts_.end() && account->second->trees.contains(batch_digest);
}

Status SealLedger::CheckSequence(const Account& account, uint64_t sequence) {
  if (sequence > account.highest) return OkStatus();
  const uint64_t behind = account.highest - sequence;
  if (behind < kSequenceWindow && (account.begun >> behind & 1) == 0) return OkStatus();
  return Fail(kSealSequence, std::to_string(sequence) + " comes too late; " +
                                 std::to_string(account.highest + 1) + " is free");
}

void SealLedger::Begin(Account& account, uint64_t sequence) {
  if (sequence <= account.highest) {
    account.begun |= uint64_t{1} << (account.highest - sequence);
    return;
  }
  const uint64_t ahead = sequence - account.highest;
  account.begun = ahead >= 64 ? 1 : account.begun << ahead | 1;
  account.highest = sequence;
}

Status SealLedger::CheckRate(Account& account, uint64_t signatures) {
  account.minute.MoveTo(clock_.SinceBoot().ms / kSecond);
  const uint64_t most = account.authorisation.most_per_minute;
  if (signatures > most) {
    return Fail(kTooManyHashes, std::to_string(signatures) + " hashes at once; at most " +
                                    std::to_string(most) + " a minute are authorised");
  }
  if (account.minute.sum + signatures <= most) return OkStatus();
  return Fail(kSealRate, std::to_string(account.minute.sum) + " of " + std::to_string(most) +
                             " a minute are used; send this again in a few seconds");
}

Status SealLedger::Reserve(const KeyId& key_id, Account& account, const Claim& claim) {
  SealLedgerRow row = account.row;
  const uint64_t most = account.authorisation.most_signatures;
  if (account.used + claim.signatures > most) {
    return Fail(kSealQuotaSpent,
                std::to_string(most - account.used) + " of " + std::to_string(most) + " are left");
  }
  bool short_of = false;
  if (account.used + claim.signatures > row.reserved) {
    row.reserved =
        std::min(most, std::max(row.reserved + kSignatureBlock, account.used + claim.signatures));
    short_of = true;
  }
  if (claim.batch.sequence > row.last_sequence) {
    row.last_sequence = claim.batch.sequence + kSequenceBlock - 1;
    short_of = true;
  }
  if (!short_of) return OkStatus();
  RETURN_IF_ERROR(state_.Update([&](RowTransaction& rows) {
    return rows.PutSeal(key_id, claim.batch.authorisation_id, row);
  }));
  account.row = std::move(row);
  return OkStatus();
}

Status SealLedger::OpenTree(Account& account, const Claim& claim) {
  const BootTime now = clock_.SinceBoot();
  if (account.trees.size() >= kMostTrees) {
    std::erase_if(account.trees, [&](const auto& each) {
      return each.second.left == 0 || now >= each.second.last + kTreeLife;
    });
  }
  if (account.trees.size() >= kMostTrees) {
    return Fail(kSealTooMany, std::to_string(kMostTrees) +
                                  " batches of this authorisation are unfinished; finish some");
  }
  const uint32_t chunks = claim.batch.tree ? claim.batch.tree->chunks : 0;
  account.trees[claim.batch_digest] = Tree{std::vector<bool>(chunks), chunks, now};
  return OkStatus();
}

StatusOr<SealLedger::Taken> SealLedger::Take(const KeyId& key_id, const Claim& claim,
                                             WallTime now) {
  std::lock_guard lock(mutex_);
  const SealAuthorisationId& id = claim.batch.authorisation_id;
  ASSIGN_OR_RETURN(Account* const account, Load(key_id, id));
  const auto tree = account->trees.find(claim.batch_digest);
  const bool is_new = !claim.chunk || tree == account->trees.end();
  if (is_new) RETURN_IF_ERROR(CheckSequence(*account, claim.batch.sequence));
  if (!is_new && tree->second.begun.at(*claim.chunk)) {
    return Fail(kSealChunkBegun, "chunk " + std::to_string(*claim.chunk));
  }
  RETURN_IF_ERROR(CheckRate(*account, claim.signatures));
  RETURN_IF_ERROR(Reserve(key_id, *account, claim));
  if (is_new && claim.chunk) RETURN_IF_ERROR(OpenTree(*account, claim));
  // Nothing below fails.
  if (is_new) Begin(*account, claim.batch.sequence);
  if (claim.chunk) {
    Tree& open = account->trees.at(claim.batch_digest);
    open.begun.at(*claim.chunk) = true;
    --open.left;
    open.last = clock_.SinceBoot();
  }
  account->minute.Add(claim.signatures);
  account->used += claim.signatures;
  Taken taken{SealGrant(id, claim.batch_digest, claim.signatures),
              account->authorisation.most_signatures - account->used};
  taken.nearly_spent =
      NearlySpent(account->authorisation, account->used) || NearlyOver(account->authorisation, now);
  taken.due = TakeWarnings(*account, now);
  return taken;
}

// Set in memory at once, so that nobody else warns; on disk once it has been journalled.
SealWarnings SealLedger::TakeWarnings(Account& account, WallTime now) {
  const bool spent = NearlySpent(account.authorisation, account.used);
  const bool over = NearlyOver(account.authorisation, now);
  const SealWarnings due{spent && !account.told.of_quota, over && !account.told.of_end};
  account.told.of_quota |= spent;
  account.told.of_end |= over;
  return due;
}

void SealLedger::Untold(const KeyId& key_id, const SealAuthorisationId& id,
                        const SealWarnings& due) {
  std::lock_guard lock(mutex_);
  const auto found = accounts_.find({key_id, id});
  if (found == accounts_.end()) return;
  if (due.of_quota) found->second->told.of_quota = false;
  if (due.of_end) found->second->told.of_end = false;
}

Status SealLedger::Warned(const KeyId& key_id, const SealAuthorisationId& id,
                          const SealWarnings& given) {
  std::lock_guard lock(mutex_);
  SealLedgerRow warned;
  RETURN_IF_ERROR(state_.Update([&](RowTransaction& rows) -> Status {
    ASSIGN_OR_RETURN(const auto row, rows.FindSeal(key_id, id));
    if (!row) return Unauthorised(id);
    warned = *row;
    warned.warned_of_quota |= given.of_quota;
    warned.warned_of_end |= given.of_end;
    return rows.PutSeal(key_id, id, warned);
  }));
  const auto found = accounts_.find({key_id, id});
  if (found != accounts_.end()) {
    found->second->row.warned_of_quota = warned.warned_of_quota;
    found->second->row.warned_of_end = warned.warned_of_end;
  }
  return OkStatus();
}

StatusOr<std::vector<SealLedger::Standing>> SealLedger::List(const KeyId& key_id, WallTime now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const auto rows, state_.ListSeals(key_id, kMostPerKey + 1));
  std::vector<Standing> out;
  for (const auto& [id, row] : rows) {
    Standing standing;
    standing.id = id;
    // Looking must not push out what is in use, so what is not in memory is only read.
    std::unique_ptr<Account> read;
    const auto found = accounts_.find({key_id, id});
    if (found == accounts_.end()) {
      ASSIGN_OR_RETURN(read, Read(row));
    }
    Account& account = read ? *read : *found->second;
    standing.authorisation = account.authorisation;
    standing.used_or_reserved = account.used;
    standing.next_sequence = account.highest + 1;
    standing.withdrawn = row.withdrawn;
    if (!row.withdrawn) standing.due = TakeWarnings(account, now);
    standing.nearly_spent = NearlySpent(standing.authorisation, standing.used_or_reserved) ||
                            NearlyOver(standing.authorisation, now);
    standing.client_id = Sha256(standing.authorisation.client_spki);
    out.push_back(std::move(standing));
  }
  return out;
}

}  // namespace intaglio::appliance
