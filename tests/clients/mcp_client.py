"""Connects as a client with a headersHelper does, and prints the tools that it is offered."""

import asyncio
import json
import os
import subprocess

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main() -> None:
    helper = subprocess.run(["sh", "-c", os.environ["HELPER"]], check=True, capture_output=True, timeout=10)
    async with httpx2.AsyncClient(headers=json.loads(helper.stdout)) as http:
        transport = streamable_http_client(os.environ["CLAUDE_CODE_MCP_SERVER_URL"], http_client=http)
        async with Client(transport) as client:
            print(*(tool.name for tool in (await client.list_tools()).tools))


asyncio.run(main())
