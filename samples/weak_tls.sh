# shellcheck shell=bash
# Scenarios of TLS that is old, weak, faulty or failed: as scenarios.sh, one
# function a sample. Debian turns all of this off and ships the code for it.

# Suites and keys of any weakness, for OpenSSL.
readonly ANY='ALL:COMPLEMENTOFALL:@SECLEVEL=0'

# Lines for Dovecot and main.cf that take what is old.
readonly OLD_DOVECOT=('ssl_min_protocol = TLSv1' "ssl_cipher_list = $ANY")
readonly OLD_POSTFIX=("tls_config_file = $PKI/openssl-any.conf" "tls_low_cipherlist = $ANY" 'smtpd_tls_ciphers = low' 'smtpd_tls_protocols = >=TLSv1')

# old_ca makes a CA with an RSA key.
old_ca() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Example Old CA' -keyout "$PKI/old-ca.key" -out "$PKI/old-ca.pem"
	fill openssl-ca.conf >"$PKI/openssl-ca.conf"
	fill openssl-any.conf >"$PKI/openssl-any.conf"
	: >"$PKI/index"
}

# issue NAME HOST BITS [OPTION...]: an RSA key and its certificate for a host,
# signed by the old CA; options are those of openssl ca.
issue() {
	local name=$1 host=$2 bits=$3
	shift 3
	openssl req -newkey "rsa:$bits" -nodes -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -keyout "$PKI/$name.key" -out "$PKI/$name.csr"
	openssl ca -batch -notext -config "$PKI/openssl-ca.conf" -in "$PKI/$name.csr" -out "$PKI/$name.pem" "$@"
	chmod 644 "$PKI/$name".*
}

# over_tls PORT [OPTION...] <lines: an OpenSSL client that says them. It asks
# for the server's name unless an option says otherwise.
over_tls() {
	local port=$1 name=(-servername "$SERVER_NAME")
	shift
	[[ $* != *servername* ]] || name=()
	client openssl s_client -quiet -connect "$SERVER_NAME:$port" "${name[@]}" "$@"
}

# over_java PORT PROTOCOLS SUITES <lines: a client of Java, for what OpenSSL has forgotten.
over_java() { client java "$LIB_DIR/clients/JsseClient.java" "$SERVER_NAME" "$@"; }

# start_java_front PORT BACKEND: TLS of Java before a mail server's port.
start_java_front() {
	openssl pkcs12 -export -in "$PKI/rsa.pem" -inkey "$PKI/rsa.key" -passout pass:secret -out "$PKI/rsa.p12"
	inside "$SERVER_NS" java -Djdk.tls.ephemeralDHKeySize=legacy "$LIB_DIR/servers/JsseFront.java" "$SERVER_IP" "$1" "$2" "$PKI/rsa.p12" &
	until_true listening "$SERVER_NS" "$1"
}

imap_dialogue() { printf 'a LOGIN %s %s\r\nb LOGOUT\r\n' "$1" "$PASSWORD"; }
pop3_dialogue() { printf 'USER %s\r\nPASS %s\r\nQUIT\r\n' "$1" "$PASSWORD"; }

# SSL 3.0, once asked for in the form of SSL 2.0; TLS 1.0 and 1.1; and TLS 1.0
# between mail servers, where it counts for less.
sample_tls_old_versions() {
	account otto
	old_ca
	issue rsa "$SERVER_NAME" 2048
	start_dovecot 'plain login' yes "${OLD_DOVECOT[@]}" 'service pop3-login {' 'inet_listener pop3s {' 'port = 0' '}' '}'
	start_java_front 995 110
	start_postfix "$SERVER_NS" "$TLS_OFFERED" "${OLD_POSTFIX[@]}"
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' \
		'smtp_tls_security_level = may' 'smtp_tls_protocols = TLSv1' "tls_low_cipherlist = $ANY" 'smtp_tls_ciphers = low'
	tape
	pop3_dialogue otto | over_java 995 SSLv3 TLS_RSA_WITH_AES_128_CBC_SHA
	pop3_dialogue otto | over_java 995 SSLv2Hello,SSLv3 TLS_RSA_WITH_AES_128_CBC_SHA
	imap_dialogue otto | over_tls 993 -tls1 -cipher "$ANY"
	imap_dialogue otto | over_tls 143 -starttls imap -tls1_1 -cipher "$ANY"
	message cfo@bank.example otto@shop.example 'Old hat' | send_with_postfix "$CLIENT_NS" cfo@bank.example otto@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# What GnuTLS still has: RC4, 3DES, no encryption. OpenSSL has the last one, too,
# and its log-in can be read in its records. Then what only Java has: DES, EXPORT.
sample_tls_weak_ciphers() {
	local priority
	account quinn
	old_ca
	issue rsa "$SERVER_NAME" 2048
	start_old_exim NORMAL:+ARCFOUR-128:+3DES-CBC:+NULL
	start_dovecot 'plain login' yes 'service imap-login {' 'inet_listener imaps {' 'port = 0' '}' '}' \
		'service pop3-login {' 'inet_listener pop3s {' "ssl = yes" '}' '}' "${OLD_DOVECOT[@]}"
	start_java_front 993 143
	tape
	for priority in -CIPHER-ALL:+ARCFOUR-128 -CIPHER-ALL:+3DES-CBC -CIPHER-ALL:+NULL; do
		printf 'EHLO %s\r\nQUIT\r\n' $CLIENT_NAME | over_gnutls "$priority"
	done
	pop3_dialogue quinn | over_tls 995 -tls1_2 -cipher 'eNULL:@SECLEVEL=0'
	imap_dialogue quinn | over_java 993 TLSv1 SSL_RSA_WITH_DES_CBC_SHA
	imap_dialogue quinn | over_java 993 TLSv1 SSL_RSA_EXPORT_WITH_RC4_40_MD5
}

# RSA key exchange; Diffie-Hellman with Postfix's own prime of 2048 bits and
# with 1024, the smallest that OpenSSL and GnuTLS still take; Java also takes 768
# and, for EXPORT, 512. Last no certificate at all, for a client and for another
# mail server.
sample_tls_key_exchange() {
	account vito
	old_ca
	issue rsa "$SERVER_NAME" 2048
	openssl dhparam -out "$PKI/dh1024.pem" 1024
	chmod 644 "$PKI"/*
	start_dovecot 'plain login' no
	start_java_front 995 110
	start_postfix "$SERVER_NS" "$TLS_OFFERED" "${OLD_POSTFIX[@]}" "smtpd_tls_cert_file = $PKI/rsa.pem" "smtpd_tls_key_file = $PKI/rsa.key"
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' \
		'smtp_tls_security_level = may' 'smtp_tls_protocols = TLSv1.2' 'smtp_tls_ciphers = low' "tls_low_cipherlist = $ANY"
	tape
	over_tls 587 -starttls smtp -crlf -tls1_2 -cipher AES128-SHA256 <<<QUIT
	over_tls 587 -starttls smtp -crlf -tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256 <<<QUIT
	postfix_changes "$SERVER_NS" "smtpd_tls_dh1024_param_file = $PKI/dh1024.pem"
	over_tls 587 -starttls smtp -crlf -tls1_2 -cipher 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0' <<<QUIT
	pop3_dialogue vito | over_java 995 TLSv1.2 TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
	pop3_dialogue vito | over_java 995 TLSv1 SSL_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA
	postfix_changes "$SERVER_NS" 'smtpd_tls_cert_file = none' 'smtpd_tls_key_file = none' 'smtpd_tls_dh1024_param_file ='
	over_tls 587 -starttls smtp -crlf -tls1_2 -cipher 'aNULL:@SECLEVEL=0' <<<QUIT
	message cfo@bank.example board@shop.example 'Nobody knows' | send_with_postfix "$CLIENT_NS" cfo@bank.example board@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# start_old_exim PRIORITY: an Exim server on port 587 with those suites of GnuTLS.
start_old_exim() {
	exim "$SERVER_NS" exim-old-tls.conf "-DPRIORITY=$1" -bd -oX 587
	until_true listening "$SERVER_NS" 587
}

# over_gnutls PRIORITY <lines: a GnuTLS client to port 587.
over_gnutls() {
	client gnutls-cli --starttls-proto=smtp --no-ca-verification --priority "NORMAL:-VERS-ALL:+VERS-TLS1.2:$1" --port 587 "$SERVER_NAME"
}

# postfix_changes NS LINE...: a running Postfix gets further lines of main.cf.
postfix_changes() {
	local ns=$1
	shift
	postconf -c "$POSTFIX/$ns/etc" -e "$@"
	inside "$ns" postfix -c "$POSTFIX/$ns/etc" reload
	sleep 1 # those that wait for a client end themselves
}

# GnuTLS can be told to ignore what RFC 5746 asks for.
sample_tls_legacy_renegotiation() {
	old_ca
	issue rsa "$SERVER_NAME" 2048
	start_old_exim NORMAL:%DISABLE_SAFE_RENEGOTIATION
	tape
	over_tls 587 -starttls smtp -crlf -tls1_2 -legacy_server_connect <<<QUIT
}

# One server with a certificate for each fault; the client says which by the
# name that it asks for, and last by one that stands in none. Then two without
# fault, and a mail server's, where it counts for less.
sample_certificates() {
	local fault lines=()
	account rita
	old_ca
	issue rsa "$SERVER_NAME" 2048
	issue expired expired.example 2048 -startdate 20240101000000Z -enddate 20250101000000Z
	issue early early.example 2048 -startdate 20480101000000Z -enddate 20490101000000Z
	issue expiring expiring.example 2048 -days 10
	issue small small.example 1024
	issue sha1 sha1.example 2048 -md sha1
	issue md5 md5.example 2048 -md md5
	issue wildcard '*.wild.example' 2048
	issue self self.example 2048 -selfsign -keyfile "$PKI/self.key"
	issue mx mx.shop.example 2048 -selfsign -keyfile "$PKI/mx.key" -startdate 20240101000000Z -enddate 20250101000000Z
	for fault in expired early expiring small sha1 md5 self; do
		lines+=("local_name $fault.example {" "ssl_cert = <$PKI/$fault.pem" "ssl_key = <$PKI/$fault.key" '}')
	done
	lines+=('local_name pop.wild.example {' "ssl_cert = <$PKI/wildcard.pem" "ssl_key = <$PKI/wildcard.key" '}')
	start_dovecot 'plain login' yes "ssl_cipher_list = $ANY" "${lines[@]}"
	start_postfix "$SERVER_NS" "$TLS_OFFERED" "smtpd_tls_cert_file = $PKI/mx.pem" "smtpd_tls_key_file = $PKI/mx.key"
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' \
		'smtp_tls_security_level = may' 'smtp_tls_protocols = TLSv1.2' 'smtp_tls_exclude_ciphers = aNULL'
	tape
	for fault in expired early expiring small sha1 md5 self other; do
		imap_dialogue rita | over_tls 993 -tls1_2 -cipher 'HIGH:@SECLEVEL=0' -servername $fault.example
	done
	pop3_dialogue rita | over_tls 110 -starttls pop3 -tls1_2 -servername pop.wild.example
	imap_dialogue rita | over_tls 993 -tls1_2 -noservername
	message cfo@bank.example rita@shop.example 'Opportunity' | send_with_postfix "$CLIENT_NS" cfo@bank.example rita@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# Handshakes that one side breaks off.
sample_tls_failed() {
	account ulla
	start_dovecot 'plain login' yes
	start_postfix "$SERVER_NS" "$TLS_OFFERED"
	tape
	fails client curl -sS --tls-max 1.2 -u "ulla:$PASSWORD" "imaps://$SERVER_NAME/"             # an unknown CA
	fails client curl -sS -u "ulla:$PASSWORD" "imaps://$SERVER_NAME/"                           # the same in TLS 1.3
	fails client curl -sS --ssl-reqd --tls-max 1.2 -u "ulla:$PASSWORD" "pop3://$SERVER_NAME/1"  # and after STLS
	fails over_tls 995 -tls1 -cipher 'DEFAULT:@SECLEVEL=0' </dev/null                           # too old for the server, which hangs up
	fails over_tls 465 -tls1_2 -cipher AES128-SHA </dev/null                                    # the server has no RSA key
	fails over_tls 587 -starttls smtp -tls1_2 -fallback_scsv </dev/null                         # the server can do better
}

# Sessions taken up again: no certificate crosses in the later ones, and in TLS
# 1.3 in none.
sample_tls_resumed() {
	local version
	start_postfix "$SERVER_NS" "$TLS_OFFERED"
	tape
	for version in tls1_2 tls1_3; do
		over_tls 587 -starttls smtp -crlf -$version -sess_out "$SCRATCH/$version" <<<QUIT
		over_tls 587 -starttls smtp -crlf -$version -sess_in "$SCRATCH/$version" <<<QUIT
	done
}

# fails COMMAND: runs what must not succeed.
fails() { if "$@"; then return 1; fi; }
