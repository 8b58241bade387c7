#!/bin/sh
# Makes what deploy/compose.yaml mounts, once: keys, passwords, and certificates of a small authority of its own.
# Usage: make-secrets.sh [folder] [host that agents call]
set -eu
umask 077
folder=${1:-"$(dirname "$0")/secrets"}
host=${2:-localhost}
[ -e "$folder" ] && { echo "$folder is there already; secrets are never overwritten" >&2; exit 1; }
mkdir -p "$folder"
cd "$folder"

openssl rand -hex 32 > gateway.key
openssl genpkey -algorithm ed25519 -out audit.key
for name in postgres owner gateway auditor keeper; do openssl rand -hex 24 > "$name-password"; done
for name in owner gateway auditor keeper; do
  printf 'postgres://%s:%s@postgres:5432/sallyport?sslmode=verify-full&sslrootcert=%s\n' \
    "$name" "$(cat "$name-password")" "$([ $name = owner ] && echo /run/secrets/ca.crt || echo /run/sallyport/tls/ca.crt)" \
    > "$name-url"
done

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Sallyport compose' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -keyout ca.key -out ca.crt 2> /dev/null
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.tls.key" -out "$1.csr" 2> /dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile "$1.ext" -out "$1.crt" 2> /dev/null
  rm "$1.csr" "$1.ext"
}
certificate gateway DNS:gateway,DNS:localhost,IP:127.0.0.1
certificate postgres DNS:postgres
certificate witness DNS:witness
certificate proxy "DNS:$host,DNS:localhost"
cat proxy.crt proxy.tls.key > proxy.pem
rm proxy.crt proxy.tls.key ca.srl

# The folder stays yours alone (0700). Containers mount single files, each under an account that is not yours.
chmod 0444 ./*
chmod 0400 ca.key
echo "made $folder; keep ca.key elsewhere"
