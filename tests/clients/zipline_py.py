"""The package zipline.py, unchanged, asking for the lookups it has. Needs FILEDEX_URL (the server)."""

import asyncio
import importlib.metadata
import os

import zipline
from zipline.enums import FileSearchField, FileSearchSort, Order

TOKEN = "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq"
FILE = "cmb60pvng00039kentdaw6p68"
FOLDER = "cmb60pvng00039kentdaw6p70"
TAG = "cmb60pvng00039kentdaw6p71"


def told(what):
    print("ok", what)


async def files(client):
    page = await client.get_files()
    assert [file.id for file in page.page] == [FILE], page
    told("get_files")
    for sort in FileSearchSort:
        for order in Order:
            page = await client.get_files(sort_by=sort, order=order)
            assert [file.id for file in page.page] == [FILE], sort
    told(f"get_files by {len(list(FileSearchSort))} sorts, both ways")
    for field, text in [
        (FileSearchField.file_name, "brg"),
        (FileSearchField.id, "cmb"),
        (FileSearchField.type, "IMAGE/"),
    ]:
        page = await client.get_files(search_field=field, search_query=text)
        assert [file.id for file in page.page] == [FILE], field
    page = await client.get_files(search_query="nowhere")
    assert page.page == [], page
    told("get_files, searching")
    walked = [file.id async for file in client.iter_files()]
    assert walked == [FILE], walked
    told("iter_files")
    recent = await client.get_recent_files(amount=5)
    assert [file.id for file in recent] == [FILE], recent
    told("get_recent_files")


async def rest(client):
    stats = await client.get_user_stats()
    assert stats.files_uploaded == 1, stats
    told("get_user_stats")
    for with_files in (True, False):
        folders = await client.get_all_folders(with_files=with_files)
        assert [folder.id for folder in folders] == [FOLDER], folders
    assert (await client.get_folder(FOLDER)).name == "trips"
    told("get_all_folders, get_folder")
    assert [tag.id for tag in await client.get_all_tags()] == [TAG]
    assert (await client.get_tag(TAG)).name == "work"
    told("get_all_tags, get_tag")
    version = await client.get_version()
    assert version.is_latest and version.details_version, version
    told(f"get_version: {version.details_version}")
    single = await (await client.get_files()).page[0].refresh()
    assert single.id == FILE and single.name == "brg2IB.png", single
    told("refresh of one file")
    try:
        await client.get_folder("nowhere")
        raise AssertionError("a folder that isn't there")
    except zipline.errors.NotFound as error:
        assert "Folder not found" in str(error), error
    told("a folder that isn't there")


def connected(token):
    """The package drops the port of an address; everything else is its own."""
    client = zipline.Client(os.environ["FILEDEX_URL"], token)
    client.http.base_url = os.environ["FILEDEX_URL"]
    return client


async def main():
    print("zipline.py", importlib.metadata.version("zipline.py"))
    async with connected(TOKEN) as client:
        await files(client)
        await rest(client)
    async with connected("guess") as stranger:
        try:
            await stranger.get_user_stats()
            raise AssertionError("a wrong token")
        except zipline.errors.NotAuthenticated:
            told("a wrong token")


asyncio.run(main())
