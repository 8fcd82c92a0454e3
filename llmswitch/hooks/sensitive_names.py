"""Names of files that hold keys, passwords or credentials by custom."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_HARMLESS = re.compile(r"\.(?:example|sample|template|tmpl|dist|defaults?|schema|md|pub)$", re.IGNORECASE)
"""A file that shows which keys there are; a public key."""
_NAMES = re.compile(
    r"""^(?:
        \.env(?:\..+|rc)? | .+\.env
      | id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?
      | .+\.(?:pem|p12|pfx|key|jks|keystore|kdbx|ppk|asc|gpg|p8|ovpn)
      | \.npmrc | \.pypirc | \.netrc | _netrc | \.pgpass | \.my\.cnf | \.git-credentials | \.htpasswd | \.dockercfg | \.s3cfg
      | \.boto | \.vault-token | \.terraformrc | kubeconfig | master\.key
      | (?:.+[-_.])?(?:credentials?|secrets?)(?:[-_.].*)?\.(?:json|ya?ml|toml|ini|txt|csv|xml)
      | (?:.+[-_.])?service[-_]?account.*\.json | .+\.tfstate(?:\.backup)? | .+\.tfvars(?:\.json)?
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_PLACES = re.compile(
    r"(?:^|/)(?:\.aws/credentials|\.ssh/(?!.*\.pub$|config$|known_hosts$)[^/]+|\.kube/config|\.docker/config\.json|\.gnupg/.+)$"
)


def is_sensitive(path: str) -> bool:
    """Whether a file of this name is taken to hold secrets, whatever is in it."""
    name = PurePosixPath(path).name
    if _HARMLESS.search(name):
        return False
    return bool(_NAMES.match(name) or _PLACES.search(path))
