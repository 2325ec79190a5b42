"""A certificate authority, a server certificate and client certificates, made with the openssl command in a directory."""

import os
import ssl
import subprocess

SUBJECT_ALTERNATIVE = "subjectAltName"


def openssl(*arguments, given=None):
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(arguments), done.stderr))
    return done.stdout


class Certificate:
    def __init__(self, path, key):
        self.path, self.key = path, key

    def fingerprint(self):
        """`SHA256:` and 64 hex digits, as client_certificates keeps it."""
        text = openssl("x509", "-in", self.path, "-noout", "-fingerprint", "-sha256")
        return "SHA256:" + text.split("=", 1)[1].strip().replace(":", "")

    def fingerprint_line(self):
        """What openssl prints, for pasting into the database."""
        return openssl("x509", "-in", self.path, "-noout", "-fingerprint", "-sha256").strip()

    def subject(self):
        """The subject in the form of RFC 2253."""
        return openssl("x509", "-in", self.path, "-noout", "-subject", "-nameopt", "RFC2253").split("=", 1)[1].strip()


class Authority:
    """Makes certificates that a broker with `cafile` this authority trusts."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.ca = Certificate(self._path("ca.crt"), self._path("ca.key"))
        self._key(self.ca.key)
        openssl("req", "-x509", "-new", "-key", self.ca.key, "-out", self.ca.path, "-days", "2", "-subj", "/CN=Test CA")
        self.server = self.issue("server", "/CN=localhost", alternative="DNS:localhost,IP:127.0.0.1")

    def _path(self, name):
        return os.path.join(self.directory, name)

    @staticmethod
    def _key(path):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        os.chmod(path, 0o644)  # a broker that has dropped its privileges reads it again at a reload

    def issue(self, name, subject, alternative=None, days=2):
        """A certificate with this subject (`/CN=pump-7`) and these alternative names (`DNS:pump-7,URI:urn:x`)."""
        made = Certificate(self._path(name + ".crt"), self._path(name + ".key"))
        self._key(made.key)
        request = openssl("req", "-new", "-utf8", "-key", made.key, "-subj", subject)
        arguments = ["x509", "-req", "-CA", self.ca.path, "-CAkey", self.ca.key, "-set_serial", str(abs(hash(name)) + 1),
                     "-days", str(days), "-out", made.path]
        if alternative:
            extensions = self._path(name + ".ext")
            with open(extensions, "w", encoding="utf-8") as file:
                file.write("%s=%s\n" % (SUBJECT_ALTERNATIVE, alternative))
            arguments += ["-extfile", extensions]
        openssl(*arguments, given=request)
        return made

    def client_context(self, certificate=None):
        """The TLS settings of a client that trusts this authority and presents this certificate."""
        context = ssl.create_default_context(cafile=self.ca.path)
        if certificate is not None:
            context.load_cert_chain(certificate.path, certificate.key)
        return context
