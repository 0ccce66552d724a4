"""The package rocketchat-API, unchanged, asking for files. Its argument is its call for direct messages:
im_files in version 1, which hands out responses; dm_files in version 3, which reads on from page to page
by itself and hands out the files.

Needs FILEDEX_URL (the server) and FILEDEX_PAGES (the documents' pages).
"""

import importlib.metadata
import json
import os
import sys
import types

from rocketchat_API.rocketchat import RocketChat

CHANNEL = "6630e42b72f069422b1022c1"


def client(user_id="aobEdbYhXfu5hkeqG", token="9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq"):
    return RocketChat(user_id=user_id, auth_token=token, server_url=os.environ["FILEDEX_URL"])


def body(answer):
    """The JSON of an answer: version 3 has read it already."""
    return answer if isinstance(answer, dict) else answer.json()


def page(name):
    with open(os.path.join(os.environ["FILEDEX_PAGES"], name + ".json")) as file:
        return json.load(file)


def same(answer, expected, what):
    """Equal in every value and in the order of the keys."""
    if isinstance(answer, types.GeneratorType):
        found, expected = list(answer), expected["files"]
    else:
        found = body(answer)
    found, wanted = json.dumps(found), json.dumps(expected)
    assert found == wanted, f"{what}\n  want {wanted}\n  got  {found}"
    print("ok", what)


def refused(call, status, expected, what):
    """Version 3 raises what version 1 hands out."""
    try:
        answer = call()
        found, text = answer.status_code, answer.text
    except Exception as error:
        if not hasattr(error, "status_code"):
            raise
        found, text = error.status_code, error.response
    assert (found, json.loads(text)) == (status, expected), f"{what}: {found} {text}"
    print("ok", what)


def channel_page():
    """The documents show no page of channels.files: it is that of rooms.images by name, with owners."""
    images = page("rooms.images")["files"]
    owner = {"_id": "yuT9xp9eEd6HqB3n8", "username": "cyd", "name": "Cyd"}
    files = []
    for image in sorted(images, key=lambda image: image["name"]):
        shown = [("user", owner) if key == "userId" else (key, value) for key, value in image.items()]
        files.append(dict(shown))
    return {"files": files, "count": 2, "offset": 0, "total": 2, "success": True}


def all_files(rocket, **narrowing):
    """A room read to its end, 40 files at a time."""
    files = rocket.channels_files(room_name="uploads", count=40, **narrowing)
    if not isinstance(files, types.GeneratorType):
        files = pages(rocket, body(files), narrowing)
    files = list(files)
    total = body(rocket.call_api_get("channels.files", roomName="uploads", count=1, **narrowing))["total"]
    ids = {file["_id"] for file in files}
    assert len(ids) == len(files) == total, f"{len(ids)} different of {len(files)} of {total}"
    return files


def pages(rocket, answer, narrowing):
    """The files from a first page on, each page as large as it says."""
    offset = 0
    while answer["files"]:
        assert answer["count"] == len(answer["files"]) and answer["offset"] == offset
        yield from answer["files"]
        offset += answer["count"]
        answer = body(rocket.channels_files(room_name="uploads", count=40, offset=offset, **narrowing))


def narrowed(rocket):
    newest = '{"uploadedAt": -1}'
    files = all_files(rocket, sort=newest)
    dates = [file["uploadedAt"] for file in files]
    assert dates == sorted(dates, reverse=True)
    large = all_files(rocket, sort=newest, query='{"size": {"$gt": 100000}}')
    assert large == [file for file in files if file.get("size", 0) > 100_000] and large
    images = all_files(rocket, sort=newest, typeGroup="image")
    assert images == [file for file in files if file.get("typeGroup") == "image"] and images
    names = all_files(rocket, sort=newest, fields='{"name": 1}')
    assert names == [{"_id": file["_id"], "name": file["name"]} for file in files]
    print(f"ok channels_files, {len(files)} files page by page, narrowed and projected")


def main(direct):
    rocket = client()
    ask = getattr(rocket, direct)
    same(ask(room_id="ByehQjC44FwMeiLbX"), page("im.files"), f"{direct} by room")
    same(ask(user_name="user"), page("im.files"), f"{direct} by user")
    same(rocket.groups_files(room_id="GENERAL"), page("groups.files"), "groups_files by id")
    same(rocket.groups_files(room_name="general"), page("groups.files"), "groups_files by name")
    same(rocket.channels_files(room_id=CHANNEL), channel_page(), "channels_files")
    images = rocket.call_api_get("rooms.images", roomId=CHANNEL)
    same(images, page("rooms.images"), "rooms.images")
    narrowed(rocket)

    error = "unauthorized"
    refused(lambda: rocket.call_api_get("rooms.images", roomId="nowhere"), 403,
            {"success": False, "error": error}, "rooms.images of no room")
    error = 'The required "roomId" or "roomName" param provided does not match any group [error-room-not-found]'
    refused(lambda: rocket.groups_files(room_id="nowhere"), 400,
            {"success": False, "error": error, "errorType": "error-room-not-found"}, "groups_files of no group")
    refused(lambda: getattr(client(token="guess"), direct)(user_name="user"), 401,
            {"status": "error", "message": "You must be logged in to do this."}, "a wrong token")


print("rocketchat-API", importlib.metadata.version("rocketchat-API"))
main(sys.argv[1])
