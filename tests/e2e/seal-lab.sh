# A legal person in the lab of lab.sh: enrolled through its authorised representative, certified under
# QCP-l-qscd, accepted by two of its three controllers. Sourced after lab.sh.

lab_controllers=(controller-1 controller-2 controller-3)

lab_seal_people() {
  local name
  for name in representative "${lab_controllers[@]}"; do lab_person "$name"; done
}

# From application to issued certificate; prints the credential. $1: organisation identifier; the rest
# goes to 'application apply'.
lab_seal_issued() {
  local identifier=$1 application credential officer name keys=(); shift
  for name in "${lab_controllers[@]}"; do keys+=(--controller-key "$lab/people/$name/key.pub.pem"); done
  application=$(as_role application --json application apply --policy qcp-l-qscd --key "$lab/people/representative/key.pem" \
    --country EE --given-name Riina --surname Rebane --common-name "Riina Rebane" --serial-number PNOEE-47101010033 \
    --organization-country EE --organization-name "Arhiiv AS" --organization-identifier "$identifier" \
    --organization-common-name "Arhiiv" --controllers-need 2 "${keys[@]}" "$@" | json application_id)
  as_role registration-1 officer evidence --application "$application" --method physical-presence --document-type passport \
    --document-reference EE7654321 --validation "chip read" --authority-type "register extract" \
    --authority-reference RIK-2026-1 --organization-validation "looked up in the commercial register" \
    --officer-key "$lab/people/registration-1/key.pub.pem" >/dev/null
  keys=()
  for name in "${lab_controllers[@]}"; do keys+=(--authenticator-key "$lab/people/$name/key.pub.pem"); done
  for officer in registration-1 registration-2; do
    as_role "$officer" officer approve --application "$application" --key "$lab/people/$officer/key.pem" "${keys[@]}" >/dev/null
  done
  credential=$(as_role application --json credential generate-key --application "$application" | json credential_id)
  as_role application credential issue --application "$application" >/dev/null
  printf '%s\n' "$credential"
}

# $1: credential; the rest: controllers who agree, each with the own key.
lab_seal_accept() {
  local credential=$1 name proofs=(); shift
  as_role application credential accept-draft --credential "$credential" --out "$lab/out/$credential.acceptance" >/dev/null
  for name in "$@"; do
    as_role application credential accept-approve --credential "$credential" --statement "$lab/out/$credential.acceptance" \
      --key "$lab/people/$name/key.pem" --out "$lab/out/$credential.$name.proof" >/dev/null
    proofs+=(--proof "$lab/out/$credential.$name.proof")
  done
  as_role application credential accept-submit --credential "$credential" --statement "$lab/out/$credential.acceptance" "${proofs[@]}" >/dev/null
}

# An accepted seal; prints the credential. $1: organisation identifier.
lab_seal() {
  local credential
  credential=$(lab_seal_issued "$@")
  lab_seal_accept "$credential" controller-1 controller-3
  printf '%s\n' "$credential"
}
