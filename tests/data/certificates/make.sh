#!/bin/sh
# Makes the certificates of this directory anew, and printed-by-openssl.txt: what the openssl command prints about each.
# Valid for 100 years; the private key is thrown away, except for the one that keys-before.pem is about.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"

# certificate NAME STRING_MASK: subject lines from standard input up to an empty one, then extension lines.
certificate() {
	{
		printf '[req]\nprompt = no\nutf8 = yes\nstring_mask = %s\ndistinguished_name = subject\n' "$2"
		printf 'x509_extensions = extensions\n'
		printf '[directory]\nCN = not-this-one\n[subject]\n'
		sed 's/^$/[extensions]/'
	} >"$work/$1.cnf"
	openssl req -x509 -new -sha256 -days 36500 -key "$work/key.pem" -config "$work/$1.cnf" -out "$1.pem"
}

# Every kind of name, and kinds that are not asked for (IP, registered id).
certificate names utf8only <<'END'
C = DE
O = Example GmbH
0.OU = Pumps
1.OU = North
CN = Pump-7

subjectAltName = DNS:Pump-7.Example.COM,DNS:*.example.org,email:Pump-7@Example.com,URI:urn:dev:Pump-7,URI:spiffe://example.org/pump/7,IP:192.0.2.7,RID:1.2.3.4,email:second@example.com,dirName:directory,otherName:1.3.6.1.4.1.99999.1;UTF8:other,DNS:xn--bcher-kva.example
END

# A common name in each string type, and what RFC 2253 makes of it.
certificate printable pkix <<'END'
CN = Pump 7

END
certificate utf8 utf8only <<'END'
O = Größe
CN = Größe 泵 😀

END
certificate t61 MASK:0x0004 <<'END'
O = Größe
CN = Größe

END
certificate bmp MASK:0x0800 <<'END'
O = Größe
CN = Größe 泵 €

END
certificate universal MASK:0x0100 <<'END'
CN = Größe 泵 😀

END

# Everything that RFC 2253 escapes; RDNs of several attributes; an attribute without a name; an e-mail address (IA5String).
certificate escapes utf8only <<'END'
0.O = "#a,b+c\"d\\e<f>g;h=i "
1.O = " leading and trailing "
0.OU = one\nline\ttwo
1.OU = one
2.+OU = two
0.1.2.3.4.5 = unknown attribute
UID = u-7
emailAddress = pump-7@example.com
CN = pump/7\\,x

END

certificate several-common-names utf8only <<'END'
0.CN = pump-7
1.CN = pump-8

END

openssl req -x509 -new -sha256 -days 36500 -key "$work/key.pem" -subj / -config /dev/null -out no-names.pem 2>/dev/null

# Other encodings and files with more than one block.
openssl x509 -in names.pem -outform DER -out names.der
openssl x509 -in no-names.pem -outform DER -out no-names.der
cat utf8.pem names.pem >two-certificates.pem
openssl x509 -in names.pem -text -out with-text.pem
{
	openssl pkcs8 -topk8 -in "$work/key.pem" -v2 aes-256-cbc -passout pass:test
	openssl ec -in "$work/key.pem" -aes256 -passout pass:test 2>/dev/null
	cat names.pem
} >keys-before.pem
openssl x509 -in names.pem -trustout -addtrust clientAuth -out trusted-only.pem

for file in names printable utf8 t61 bmp universal escapes several-common-names no-names; do
	fingerprint=$(openssl x509 -in $file.pem -noout -fingerprint -sha256)
	subject=$(openssl x509 -in $file.pem -noout -subject -nameopt RFC2253)
	printf '%s.pem\t%s\t%s\n' "$file" "$fingerprint" "${subject#subject=}"
done >printed-by-openssl.txt
