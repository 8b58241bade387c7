"""List, one allowed call, one denied call with the Python client; see report.mjs for the line it prints."""

import asyncio
import json
import sys

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

URL, KEY, TOOL = sys.argv[1:4]


async def answer(step):
    try:
        return {"returned": (await step).model_dump(mode="json", by_alias=True)}
    except Exception as error:
        return {"threw": str(error)}


async def main():
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as http:
        async with Client(streamable_http_client(URL, http_client=http)) as client:
            listed = [tool.name for tool in (await client.list_tools()).tools]
            allowed = await answer(client.call_tool(TOOL, {"region": "eu"}))
            denied = await answer(client.call_tool(TOOL, {"region": "us"}))
    print(json.dumps({"listed": listed, "allowed": allowed, "denied": denied}))


asyncio.run(main())
