"""Certificates on disk, where web, mail and directory servers usually have theirs (RFC 7468, RFC 5280)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from soc.collect import CommandOutput, Sample, SshCommand, collector

PLACES = (
    "/etc/ssl/*.pem", "/etc/ssl/*.crt", "/etc/ssl/certs/ssl-cert-snakeoil.pem", "/etc/ssl/private/*.crt",
    "/etc/pki/tls/certs/*.crt", "/etc/pki/tls/certs/*.pem", "/etc/pki/nginx/*.crt",
    "/etc/letsencrypt/live/*/cert.pem", "/var/lib/acme/*/cert.pem", "/etc/nginx/ssl/*", "/etc/nginx/certs/*",
    "/etc/apache2/ssl/*", "/etc/httpd/ssl/*", "/etc/haproxy/certs/*", "/etc/haproxy/*.pem",
    "/etc/postfix/*.pem", "/etc/postfix/ssl/*", "/etc/dovecot/*.pem", "/etc/dovecot/private/*.pem",
    "/etc/ldap/*.crt", "/etc/openldap/certs/*.crt", "/etc/cockpit/ws-certs.d/*.crt",
    "/etc/ssl/postgresql/*.crt", "/etc/mysql/ssl/*.pem", "/etc/kubernetes/pki/*.crt",
)  # fmt: skip
# certbot's are root's alone. A file's first certificate is its owner's; no other line, no key, is printed.
LETSENCRYPT = "/usr/bin/find -L /etc/letsencrypt/live -name cert.pem -exec /bin/grep -aH . '{}' +"
CERTIFICATES = SshCommand(
    "linux-certificates",
    f"for file in {' '.join(PLACES)}; do "
    'case $file in *bundle*|*/ca-certificates*|*.key) continue;; esac; [ -f "$file" ] && [ -r "$file" ] && '
    'sed -n "/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p;/^-----END CERTIFICATE-----/q" '
    '"$file" | head -n 100 | while read -r line; do echo "$file:$line"; done; done; '
    f"[ ! -d /etc/letsencrypt/live ] || sudo -n {LETSENCRYPT} 2>/dev/null; exit 0",
    sudo=(LETSENCRYPT,),
)

_LINE = re.compile(r"(/[^:]+):(-----(?:BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/=]+)\s*")


@collector(every="posture", fetch=CERTIFICATES)
def linux_certificates(output: CommandOutput) -> Iterator[Sample]:
    """When the first certificate of each file expires (`endpoint` = its path)."""
    from cryptography import x509

    lines = filter(None, map(_LINE.fullmatch, output.lines))
    for path, matches in groupby(lines, lambda match: match[1]):
        text = "\n".join(match[2] for match in matches)
        pem, end, _ = text.partition("-----END CERTIFICATE-----")
        try:
            certificate = x509.load_pem_x509_certificate(f"{pem}{end}\n".encode())
        except ValueError:
            continue  # no certificate after all; the others are
        expires = certificate.not_valid_after_utc.timestamp()
        yield Sample("certificate_expires_timestamp_seconds", expires, {"endpoint": path})
