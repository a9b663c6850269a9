"""How a coordinator is known: by the digest of its certificate, which needs no library of certificates."""

from __future__ import annotations

import hashlib
import re
import ssl

from vault.errors.federation import CertificateUnusable


def certificate_sha256(pem: bytes) -> str:
    """SHA-256 of the first certificate in PEM, in DER and hex: what invitations pin; raises ``CertificateUnusable``."""
    found = re.search(rb"-----BEGIN CERTIFICATE-----\r?\n.*?\n-----END CERTIFICATE-----", pem, re.DOTALL)
    try:
        der = ssl.PEM_cert_to_DER_cert(found[0].decode("ascii") if found else "")
    except ValueError as error:
        raise CertificateUnusable() from error
    return hashlib.sha256(der).hexdigest()
