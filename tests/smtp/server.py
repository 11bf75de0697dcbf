"""The mail server that tests send to: `server.py FOLDER`.

It listens on free ports of 127.0.0.1, one for each way of mail.smtp.security, keeps what it gets in memory, and refuses
what it is told to. Where everything is, it writes to FOLDER/server.json once it is ready; whoever started it ends it.

On the control port, a line of JSON asks and a line of JSON answers:

    {"mails_to": ADDRESS}                              -> {"mails": [{"subject": …, "text": …, "tls": …, …}, …]}
    {"refuse": ADDRESS, "with": "451 …", "times": N}   -> {}
"""

import asyncio
import email
import email.policy
import json
import os
import secrets
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

HOST = "127.0.0.1"
USERNAME = "vestibule"


class Postbox:
    """What was received, and what is to be refused."""

    def __init__(self):
        self.mails = []
        self.refusals = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply, times = self.refusals.get(address, (None, 0))
        if times > 0:
            self.refusals[address] = (reply, times - 1)
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(
            {
                "recipients": envelope.rcpt_tos,
                "envelope_from": envelope.mail_from,
                "headers": {name.lower(): str(value) for name, value in mail.items()},
                "defects": [str(defect) for part in mail.walk() for defect in part.defects],
                "text": mail.get_body(("plain",)).get_content(),
                "html": mail.get_body(("html",)).get_content(),
                "hello": session.host_name,
                "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
                "user": session.auth_data,
            }
        )
        return "250 OK"

    def answer(self, question):
        if "mails_to" in question:
            return {"mails": [mail for mail in self.mails if question["mails_to"] in mail["recipients"]]}
        self.refusals[question["refuse"]] = (question["with"], question["times"])
        return {}

    async def control(self, reader, writer):
        while line := await reader.readline():
            writer.write(json.dumps(self.answer(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()


async def listen(make, tls=None):
    server = await asyncio.get_running_loop().create_server(make, HOST, 0, ssl=tls)
    return server.sockets[0].getsockname()[1]


async def serve(folder):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # For the address alone: `localhost` is the wrong name.
    authority.issue_cert(HOST).configure_cert(tls)
    authority.cert_pem.write_to_path(os.path.join(folder, "ca.pem"))

    password = secrets.token_urlsafe(16)

    def authenticate(server, session, envelope, mechanism, data):
        right = (data.login.decode(), data.password.decode()) == (USERNAME, password)
        return AuthResult(success=right, handled=False, auth_data=USERNAME if right else None)

    box = Postbox()
    guarded = {"auth_required": True, "authenticator": authenticate, "enable_SMTPUTF8": True}
    control = await asyncio.start_server(box.control, HOST, 0)
    places = {
        "none": await listen(lambda: SMTP(box, enable_SMTPUTF8=True)),
        "starttls": await listen(lambda: SMTP(box, tls_context=tls, require_starttls=True, **guarded)),
        # The connection is within TLS already, which this class does not look for.
        "tls": await listen(lambda: SMTP(box, auth_require_tls=False, **guarded), tls),
        "control": control.sockets[0].getsockname()[1],
        "ca_file": os.path.join(folder, "ca.pem"),
        "username": USERNAME,
        "password": password,
    }
    unfinished = os.path.join(folder, "server.json.part")
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(places, file)
    os.rename(unfinished, os.path.join(folder, "server.json"))
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1]))
    except KeyboardInterrupt:
        pass
