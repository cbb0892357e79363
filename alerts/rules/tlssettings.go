package rules

import "github.com/mailtap/mailtap/dissect"

// schannel is the registry key of what Windows does in TLS, of which Exchange
// has nothing of its own.
const schannel = `HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL`

// Postfix takes the mandatory ones where it requires TLS, as on the port of
// submission.
var newVersions = []dissect.Pair{
	{Key: "Postfix 3.6", Value: "smtpd_tls_mandatory_protocols = >=TLSv1.2"},
	{Key: "Dovecot", Value: "ssl_min_protocol = TLSv1.2"},
	{Key: "Exim with OpenSSL", Value: "openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1"},
	{Key: "Exim with GnuTLS", Value: "tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
	{Key: "Exchange", Value: "registry " + schannel},
	{Key: "Exchange", Value: `Protocols\TLS 1.0\Server: Enabled = 0`},
	{Key: "Exchange", Value: `Protocols\TLS 1.1\Server: Enabled = 0`},
}

var strongCiphers = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_exclude_ciphers = aNULL, eNULL, EXPORT, RC4, DES, 3DES, kRSA"},
	{Key: "Dovecot", Value: "ssl_cipher_list = HIGH:!aNULL:!eNULL:!RC4:!3DES:!kRSA"},
	{Key: "Exim with OpenSSL", Value: "tls_require_ciphers = HIGH:!aNULL:!eNULL:!RC4:!3DES:!kRSA"},
	{Key: "Exim with GnuTLS", Value: "tls_require_ciphers = NORMAL:-RSA:-3DES-CBC:-ARCFOUR-128"},
	{Key: "Exchange", Value: "Disable-TlsCipherSuite -Name TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
}

// largeGroups: Postfix before 3.7 would take "auto" for a file's name.
var largeGroups = []dissect.Pair{
	{Key: "Postfix 3.7", Value: "smtpd_tls_dh1024_param_file = auto"},
	{Key: "Dovecot 2.3", Value: "ssl_dh = </etc/dovecot/dh.pem"},
	{Key: "Dovecot 2.4", Value: "ssl_server_dh_file = /etc/dovecot/dh.pem"},
	{Key: "Exim", Value: "tls_dhparam = ffdhe2048"},
	{Key: "Exchange", Value: "registry " + schannel},
	{Key: "Exchange", Value: `KeyExchangeAlgorithms\Diffie-Hellman: ServerMinKeyBitLength = 2048`},
}

// noCompression is not needed for Dovecot since 2.3, which compresses only where
// ssl_options asks for it, and for Exchange, which never does.
var noCompression = []dissect.Pair{
	{Key: "Postfix", Value: "tls_ssl_options = NO_COMPRESSION"},
	{Key: "Dovecot 2.2", Value: "ssl_options = no_compression"},
	{Key: "Exim with OpenSSL", Value: "openssl_options = +no_compression"},
}

var secureRenegotiation = []dissect.Pair{
	{Key: "OpenSSL", Value: "version 0.9.8m or later"},
	{Key: "Exchange", Value: "update MS10-049 of Windows"},
}

var logHandshakes = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_loglevel = 1"},
	{Key: "Dovecot 2.3", Value: "verbose_ssl = yes"},
	{Key: "Dovecot 2.4", Value: "log_debug = category=ssl"},
	{Key: "Exim", Value: "log_selector = +tls_cipher +tls_peerdn"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -ProtocolLoggingLevel Verbose"},
}

var mendedOpenSSL = []dissect.Pair{
	{Key: "OpenSSL", Value: "version 1.0.1g or later"},
}

var newCertificate = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_chain_files = /path/to/key-and-chain.pem"},
	{Key: "Dovecot 2.3", Value: "ssl_cert = </path/to/chain.pem"},
	{Key: "Dovecot 2.3", Value: "ssl_key = </path/to/key.pem"},
	{Key: "Dovecot 2.4", Value: "ssl_server_cert_file = /path/to/chain.pem"},
	{Key: "Dovecot 2.4", Value: "ssl_server_key_file = /path/to/key.pem"},
	{Key: "Exim", Value: "tls_certificate = /path/to/chain.pem"},
	{Key: "Exim", Value: "tls_privatekey = /path/to/key.pem"},
	{Key: "Exchange", Value: "Enable-ExchangeCertificate -Thumbprint ID -Services SMTP,IMAP,POP"},
}

// mendedClients forget what came before TLS.
var mendedClients = []dissect.Pair{
	{Key: "Thunderbird", Value: "version 78.7 or later"},
	{Key: "Apple Mail", Value: "version of macOS 11.4 or iOS 14 or later"},
	{Key: "Mutt", Value: "version 1.14.4 or later"},
}

// tlsInClient sets a mail program to TLS from the first byte, which leaves
// nobody anything to take out.
var tlsInClient = []dissect.Pair{
	{Key: "Thunderbird", Value: "Account Settings, Server Settings: Connection security SSL/TLS"},
	{Key: "Thunderbird", Value: "Account Settings, Outgoing Server (SMTP), Edit: SSL/TLS"},
	{Key: "Outlook", Value: "Account Settings, More Settings, Advanced: encrypted connection SSL/TLS"},
	{Key: "Apple Mail", Value: "Settings, Accounts, Server Settings: Use TLS/SSL"},
	{Key: "Apple Mail", Value: "Automatically manage connection settings: off, for it may set another port"},
	{Key: "K-9 Mail", Value: "Account settings, Fetching mail, Incoming server: Security SSL/TLS"},
	{Key: "K-9 Mail", Value: "Account settings, Sending mail, Outgoing server: Security SSL/TLS"},
}
