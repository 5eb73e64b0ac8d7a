# A lab: users, tokens, keys, certificates and configuration for one core and one host on this machine.
# Sourced by quickstart. Needs: $source (repository), $build (build folder), $lab (an absolute folder).
# Everything goes through the real programs; nothing here knows a secret of another's.

lab_users=(intaglio-core intaglio-host)
lab_group=intaglio-link
softhsm_module=/usr/lib/softhsm/libsofthsm2.so

# intaglio, the command line, as the person whose profile is named.
ctl() { "$lab/bin/intaglio" --yes "$@"; }
as_role() { local role=$1; shift; ctl --profile "$lab/people/$role/profile.json" "$@"; }
# A value of a command's JSON answer.
json() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
run_as() { local user=$1; shift; setpriv --reuid "$user" --regid "$user" --groups "$lab_group" -- "$@"; }

lab_make_users() {
  getent group "$lab_group" >/dev/null || groupadd --system "$lab_group"
  local user
  for user in "${lab_users[@]}"; do
    id "$user" >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$user"
  done
}

# Both users must be able to reach the lab: /root, say, shuts them out.
lab_reachable() {
  local user
  mkdir -p "$lab" && chmod 0755 "$lab"
  for user in "${lab_users[@]}"; do run_as "$user" test -x "$lab" || return 1; done
}

lab_folders() {
  mkdir -p "$lab"/{bin,people,ceremony,public,out}
  install -m 0755 "$build"/bin/{intaglio,intaglio-core,intaglio-host,intaglio-provision} "$lab/bin/"
  install -d -m 0700 -o intaglio-core -g intaglio-core "$lab/core"
  install -d -m 0700 -o intaglio-host -g intaglio-host "$lab/host"
  # The socket inherits the group, so that the host's user can reach it and nobody else.
  install -d -m 2750 -o intaglio-core -g "$lab_group" "$lab/run"
  install -d -m 0700 "$lab/ceremony/root" "$lab/ceremony/device"
}

# One folder and one key a person.
lab_person() {
  local name=$1
  mkdir -p "$lab/people/$name"
  ctl key new --out "$lab/people/$name/key.pem" --public-out "$lab/people/$name/key.pub.pem" >/dev/null
}
# A client certificate for a role, and the profile that uses it.
lab_client() {
  local name=$1 role=$2 folder="$lab/people/$1"
  mkdir -p "$folder"
  ctl key new --out "$folder/tls.key" --public-out "$folder/tls.pub.pem" >/dev/null
  ctl ceremony tls-certificate --ca "$lab/public/tls-ca.pem" --ca-key "$lab/ceremony/tls-ca.key" \
    --public-key "$folder/tls.pub.pem" --common-name "$name" --role "$role" --purpose client \
    --out "$folder/tls.pem" >/dev/null
  printf '{"address": "127.0.0.1:%s", "ca": "%s", "certificate": "tls.pem", "key": "tls.key"}\n' \
    "$grpc_port" "$lab/public/tls-ca.pem" >"$folder/profile.json"
}

lab_tokens() {
  run_as intaglio-core "$lab/bin/intaglio-provision" softhsm --dir "$lab/core/token" --label core --storage-key storage >/dev/null
  "$lab/bin/intaglio-provision" softhsm --dir "$lab/ceremony/root/token" --label root >/dev/null
  "$lab/bin/intaglio-provision" softhsm --dir "$lab/ceremony/device/token" --label device >/dev/null
}

# A ceremony command over its own token.
ceremony() {
  local which=$1 verb=$2; shift 2
  SOFTHSM2_CONF="$lab/ceremony/$which/token/softhsm2.conf" ctl ceremony "$verb" --module "$softhsm_module" \
    --token "$which" --pin-file "$lab/ceremony/$which/token/pin" --key-label "$which" "$@"
}

lab_tls() {
  ctl key new --out "$lab/ceremony/tls-ca.key" --public-out "$lab/ceremony/tls-ca.pub.pem" >/dev/null
  ctl ceremony tls-ca --key "$lab/ceremony/tls-ca.key" --country EE --organization "Intaglio LAB" \
    --common-name "Intaglio LAB TLS CA" --out "$lab/public/tls-ca.pem" >/dev/null
  local side
  for side in core host; do
    ctl key new --out "$lab/$side/link.key" --public-out "$lab/public/$side-link.pub.pem" >/dev/null
    ctl ceremony link-certificate --key "$lab/$side/link.key" --common-name "intaglio-$side" --out "$lab/public/$side-link.pem" >/dev/null
    chown "intaglio-$side:intaglio-$side" "$lab/$side/link.key"
  done
  ctl key new --out "$lab/host/grpc.key" --public-out "$lab/public/grpc.pub.pem" >/dev/null
  ctl ceremony tls-certificate --ca "$lab/public/tls-ca.pem" --ca-key "$lab/ceremony/tls-ca.key" \
    --public-key "$lab/public/grpc.pub.pem" --common-name intaglio-host --role server --purpose server \
    --ip 127.0.0.1 --dns localhost --out "$lab/public/grpc.pem" >/dev/null
  chown intaglio-host:intaglio-host "$lab/host/grpc.key"
}

lab_people() {
  local name
  for name in security-1 security-2 registration-1 registration-2 revocation-1 mari jaan stranger; do lab_person "$name"; done
  lab_client registration-1 registration-officer
  lab_client registration-2 registration-officer
  lab_client revocation-1 revocation-officer
  lab_client administrator administrator
  lab_client application signing-application
  lab_client auditor auditor
}

lab_core_config() {
  cat >"$lab/core.textproto" <<TXT
state_dir: "$lab/core/state"
boundary: BOUNDARY_LAB
token {
  module: "$softhsm_module"
  selector: "core"
  pin_file: "$lab/core/token/pin"
  storage_key: "storage"
  max_sessions: 8
  softhsm_conf: "$lab/core/token/softhsm2.conf"
}
link {
  unix_socket: "$lab/run/core.sock"
  certificate: "$lab/public/core-link.pem"
  private_key: "$lab/core/link.key"
  pinned_peer: "$lab/public/host-link.pem"
}
TXT
  local until
  until=$(date -u -d '+1 year' +%Y-%m-%d)
  {
    echo "commands_need: 2"
    echo "qscd_entry_id: \"lab-softhsm\""
    echo "qscd_valid_until: \"$until\""
    local name
    for name in security-1 security-2 registration-1 registration-2 revocation-1; do
      echo "officers { name: \"$name\" role: \"${name%-*}-officer\" public_key: \"$lab/people/$name/key.pub.pem\" }"
    done
  } >"$lab/init.textproto"
}

# $1: JSON of the core's token, so that the registry entry is exactly this device.
lab_host_config() {
  local today until
  today=$(date -u +%Y-%m-%d)
  until=$(date -u -d '+1 year' +%Y-%m-%d)
  cat >"$lab/registry.textproto" <<TXT
# The devices this service accepts. SoftHSM is a LAB device: nothing here is qualified.
entries {
  id: "lab-softhsm"
  product: "SoftHSM in a lab"
  vendor: "SoftHSM project"
  hw_model: "SoftHSM v2"
  hw_version: "2.6"
  sw_name: "intaglio-core"
  sw_version: "$("$lab/bin/intaglio-core" --version | awk '{print $2}')"
  kind: QSCD_KIND_LAB
  valid_from: "$today"
  valid_until: "$until"
  status: QSCD_STATUS_LISTED
  source: "decision of this lab"
  last_checked: "$today"
  entered_by: "registration-1"
  entered_by: "registration-2"
}
TXT
  cat >"$lab/agreement.txt" <<'TXT'
SUBSCRIBER AGREEMENT (LAB)

1. The certificate is issued by a laboratory service. It is not qualified and binds nobody.
2. The subscriber keeps the authenticator under sole control and says at once when it is lost.
3. The subscriber checks the certificate before accepting it.
TXT
  cat >"$lab/host.textproto" <<TXT
database: "$lab/host/host.db"
grpc {
  listen: "127.0.0.1:$grpc_port"
  certificate: "$lab/public/grpc.pem"
  private_key: "$lab/host/grpc.key"
  client_ca: "$lab/public/tls-ca.pem"
}
http { listen: "127.0.0.1:$http_port" }
core {
  unix_socket: "$lab/run/core.sock"
  certificate: "$lab/public/host-link.pem"
  private_key: "$lab/host/link.key"
  pinned_peer: "$lab/public/core-link.pem"
}
service {
  lab: true
  tsp_name: "Intaglio LAB"
  country: "EE"
  repository_url: "http://127.0.0.1:$http_port"
  pds_url: "https://lab.invalid/pds_en.pdf"
  pds_language: "en"
  qscd_entry_id: "lab-softhsm"
  subscriber_days: 365
  agreement_file: "$lab/agreement.txt"
}
qscd_registry: "$lab/registry.textproto"
device_roots: "$lab/public/device-root.pem"
TXT
}

# Starts a daemon as its own user and waits until it says that it is ready.
lab_start() {
  local side=$1 log="$lab/$1.log"
  : >>"$log"
  local ready
  ready=$(grep -c "$side.ready" "$log" || true)
  # exec, so that the process id is the daemon's own.
  (exec setpriv --reuid "intaglio-$side" --regid "intaglio-$side" --groups "$lab_group" -- \
    "$lab/bin/intaglio-$side" --config "$lab/$side.textproto") >>"$log" 2>&1 3>&- </dev/null &
  echo $! >"$lab/$side.pid"
  local i
  for ((i = 0; i < 300; i++)); do
    [ "$(grep -c "$side.ready" "$log" || true)" -gt "$ready" ] && return 0
    kill -0 "$(cat "$lab/$side.pid")" 2>/dev/null || break
    sleep 0.1
  done
  echo "intaglio-$side did not start; the end of $log:" >&2
  tail -5 "$log" >&2
  return 1
}
lab_stop() {
  local side pid
  for side in host core; do
    [ -f "$lab/$side.pid" ] || continue
    pid=$(cat "$lab/$side.pid")
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -f "$lab/$side.pid"
  done
  return 0
}

# The core's identity on its console, with the device ceremony around it.
lab_init_core() {
  run_as intaglio-core "$lab/bin/intaglio-core" init --config "$lab/core.textproto" --init "$lab/init.textproto" \
    --spki-out "$lab/core/attestation.pub.pem" >"$lab/out/init.json"
  install -m 0644 "$lab/core/attestation.pub.pem" "$lab/public/attestation.pub.pem"
  ceremony device device-root --generate --manufacturer "Intaglio LAB devices" --device "LAB device root" \
    --out "$lab/public/device-root.pem" >/dev/null
  ceremony device attestation-certificate --issuer "$lab/public/device-root.pem" \
    --public-key "$lab/public/attestation.pub.pem" --manufacturer "Intaglio LAB devices" \
    --device "SoftHSM in a lab" --out "$lab/public/attestation.pem" >/dev/null
  run_as intaglio-core "$lab/bin/intaglio-core" set-device-certificate --config "$lab/core.textproto" \
    --certificate "$lab/public/attestation.pem" >/dev/null
}

# Two security officers order; prints the JSON answer. $1: name of the command; the rest: what to compose.
lab_command() {
  local name=$1; shift
  local begun
  begun=$(as_role administrator --json core begin-command)
  ctl command compose "$@" --nonce "$(json nonce <<<"$begun")" --core-instance "$(json core_instance <<<"$begun")" \
    --out "$lab/ceremony/$name.cmd" >/dev/null
  local officer
  for officer in security-1 security-2; do
    ctl command sign "$lab/ceremony/$name.cmd" --key "$lab/people/$officer/key.pem" \
      --out "$lab/ceremony/$name.$officer.approval" >/dev/null
  done
  as_role administrator --json command execute "$lab/ceremony/$name.cmd" \
    --approval "$lab/ceremony/$name.security-1.approval" --approval "$lab/ceremony/$name.security-2.approval" \
    --spki-out "$lab/ceremony/$name.spki.pem"
}

# Root, issuing CA with its key in the core, responder, first CRL.
lab_ca() {
  local nonce
  ceremony root root --generate --country EE --organization "Intaglio LAB" --common-name "Intaglio LAB Root - LAB - not qualified" \
    --out "$lab/public/root.pem" >/dev/null
  ca_key_id=$(lab_command generate-ca generate-key --purpose ca-issuing --label issuing-ca | json key_id)
  status_key_id=$(lab_command generate-status generate-key --purpose status --label ocsp-1 | json key_id)
  nonce=$(ctl --json ceremony nonce | json nonce)
  as_role administrator core attest-key --key-id "$ca_key_id" --nonce "$nonce" --out "$lab/ceremony/ca-evidence.der" \
    --spki-out "$lab/ceremony/ca.spki.pem" >/dev/null
  ceremony root ca-certificate --issuer "$lab/public/root.pem" --spki "$lab/ceremony/ca.spki.pem" \
    --evidence "$lab/ceremony/ca-evidence.der" --device-root "$lab/public/device-root.pem" --nonce "$nonce" \
    --country EE --organization "Intaglio LAB" --common-name "Intaglio LAB Issuing CA 1 - LAB - not qualified" \
    --root-certificate-url "http://127.0.0.1:$http_port/ca/root.crt" --out "$lab/public/ca.pem" >/dev/null
  lab_command install-ca install-ca --ca-key-id "$ca_key_id" --certificate "$lab/public/ca.pem" >/dev/null
  as_role administrator ca activate --ca-key-id "$ca_key_id" --certificate "$lab/public/ca.pem" \
    --chain "$lab/public/root.pem" --status-key-id "$status_key_id" --responder-out "$lab/public/responder.pem" >/dev/null
}

# A natural person from application to accepted certificate; prints the credential. $1: the person whose
# key is the authenticator; then given name, surname, serial number.
lab_signer() {
  local person=$1 given=$2 surname=$3 number=$4 application credential officer
  application=$(as_role application --json application apply --key "$lab/people/$person/key.pem" --country EE \
    --given-name "$given" --surname "$surname" --common-name "$given $surname" --serial-number "$number" | json application_id)
  as_role registration-1 officer evidence --application "$application" --method physical-presence --document-type passport \
    --document-reference EE1234567 --validation "chip read" --officer-key "$lab/people/registration-1/key.pub.pem" >/dev/null
  for officer in registration-1 registration-2; do
    as_role "$officer" officer approve --application "$application" --key "$lab/people/$officer/key.pem" \
      --authenticator-key "$lab/people/$person/key.pub.pem" >/dev/null
  done
  credential=$(as_role application --json credential generate-key --application "$application" | json credential_id)
  as_role application credential issue --application "$application" >/dev/null
  as_role application credential sign-agreement --credential "$credential" --key "$lab/people/$person/key.pem" >/dev/null
  as_role application credential accept --credential "$credential" --key "$lab/people/$person/key.pem" >/dev/null
  printf '%s\n' "$credential"
}
