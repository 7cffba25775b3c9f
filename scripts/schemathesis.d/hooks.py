"""What a fuzzer cannot guess: who is here, and where. Without it nearly every request would end at `not_found`."""

import os
import random
import uuid

import requests
import schemathesis

SERVER = os.environ["SERVER"]
PASSWORD = "correct horse battery"
CHANCE = random.Random(1)


def post(path, token=None, **body):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(SERVER + path, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def sign_in(handle):
    return post("/v1/sessions", handle=handle, password=PASSWORD)


def another_device():
    """One more device of Ann, to be signed out; where there are too many, the others go first."""
    try:
        return sign_in("ann")["token"]
    except requests.HTTPError:
        post("/v1/devices/sign-out-others", ANN["token"])
        return sign_in("ann")["token"]


def somebody(handle):
    try:
        return sign_in(handle)
    except requests.HTTPError:
        return post("/v1/accounts", handle=handle, name=handle, password=PASSWORD)


ANN, BOB = somebody("ann"), somebody("bob")
# They begin as strangers to each other, or as the run before left them.
for one, other in ((ANN, BOB), (BOB, ANN)):
    post("/v1/privacy", one["token"], who_adds="everyone", who_writes="everyone")
    post("/v1/block", one["token"], user=other["user"], on=False)


def begin(**what):
    conv = post("/v1/create", ANN["token"], send_id=str(uuid.uuid4()), **what)["conv"]
    for text in ("one", "two", "three"):
        post("/v1/send", ANN["token"], conv=conv, send_id=str(uuid.uuid4()), kind="text", body={"text": text})
    return conv


DIRECT = begin(kind="direct", **{"with": BOB["user"]})
GROUP = begin(kind="group", title="tea", members=[BOB["user"]])
# One to leave; the others are to stay.
TO_LEAVE = begin(kind="group", title="hall", members=[BOB["user"]])


def conversation(path):
    """One in which the route has something to do."""
    if path == "/v1/leave":
        return TO_LEAVE
    return GROUP if path in ("/v1/add", "/v1/remove") else CHANCE.choice([DIRECT, GROUP])


@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        # The route that signs this device out gets one of its own, or it would be the last that was tried.
        if case.method == "DELETE" and case.path == "/v1/session":
            return another_device()
        return ANN["token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Three of four requests that fit the document are about what is here."""
    fits = case.meta is not None and case.meta.generation.mode.is_positive
    if not fits or not isinstance(case.body, dict) or CHANCE.random() < 0.25:
        return
    known = {
        "conv": conversation(case.path),
        "user": BOB["user"],
        "with": BOB["user"],
        "users": [BOB["user"]],
        "members": [BOB["user"]],
        "convs": [DIRECT, GROUP],
    }
    if "wait_ms" in case.body:
        case.body["wait_ms"] = CHANCE.choice([0, 20])
    for name, value in known.items():
        if name in case.body:
            case.body[name] = value
