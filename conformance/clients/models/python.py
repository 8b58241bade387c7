"""As agent.mjs and its clients, for the Python libraries of OpenAI and Anthropic."""

import asyncio
import json
import sys

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

CLIENT, URL, KEY = sys.argv[1:4]
MCP_URL = sys.argv[4] if len(sys.argv) > 4 else ""
TURNS_MAX = 4
QUESTION = "What is the capital of France?"
SECRET = "_".join(["ghp", "16C7e42F292c6912E7710c838347Ae178B4a"])


def schema(name):
    return {"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": False}


async def call_mcp(name, args):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as http:
        async with Client(streamable_http_client(MCP_URL, http_client=http)) as client:
            try:
                result = await client.call_tool(name, args)
            except Exception as error:  # noqa: BLE001 - what a tool refuses is a result to an agent
                return str(error)
            return "".join(block.text for block in result.content)


class Tool:
    def __init__(self, name, argument):
        self.name, self.schema = name, schema(argument)

    def run(self, args):
        if self.name == "weather":
            return f"{args['city']}: sunny"
        return asyncio.run(call_mcp(self.name, args))


WEATHER = [Tool("weather", "city")]
CUSTOMERS = [Tool("customers__find", "region"), Tool("customers__erase", "region")]


class Cut(Exception):
    """The agent closed a stream it was reading."""


def openai_client():
    from openai import OpenAI

    api = OpenAI(api_key=KEY, base_url=f"{URL}/v1", max_retries=0)

    def run(prompt, tools, calls, stream=False, model="default", cut=False):
        messages = [{"role": "user", "content": prompt}]
        functions = [{"type": "function", "function": {"name": tool.name, "parameters": tool.schema}} for tool in tools]
        own = {"tools": functions} if tools else {}
        for _ in range(TURNS_MAX):
            if stream:
                with api.chat.completions.stream(model=model, messages=messages, **own) as running:
                    if cut:
                        next(iter(running))
                        raise Cut("cut")
                    message = running.get_final_completion().choices[0].message
            else:
                message = api.chat.completions.create(model=model, messages=messages, **own).choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message)
            for call in message.tool_calls:
                args = json.loads(call.function.arguments)
                calls.append([call.function.name, args])
                result = next(tool for tool in tools if tool.name == call.function.name).run(args)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    more = {
        "models": lambda: " ".join(model.id for model in api.models.list().data),
        "embeddings": lambda: " ".join(f"{x:g}" for x in api.embeddings.create(model="default", input="Paris").data[0].embedding),
    }
    return run, more


def anthropic_client():
    from anthropic import Anthropic

    api = Anthropic(api_key=KEY, base_url=URL, max_retries=0)

    def run(prompt, tools, calls, stream=False, model="claude", cut=False):
        messages = [{"role": "user", "content": prompt}]
        own = {"tools": [{"name": tool.name, "input_schema": tool.schema} for tool in tools]} if tools else {}
        for _ in range(TURNS_MAX):
            asked = {"model": model, "max_tokens": 100, "messages": messages, **own}
            if stream:
                with api.messages.stream(**asked) as running:
                    if cut:
                        next(iter(running))
                        raise Cut("cut")
                    answer = running.get_final_message()
            else:
                answer = api.messages.create(**asked)
            uses = [block for block in answer.content if block.type == "tool_use"]
            if not uses:
                return "".join(block.text for block in answer.content if block.type == "text")
            results = []
            for block in uses:
                calls.append([block.name, block.input])
                result = next(tool for tool in tools if tool.name == block.name).run(block.input)
                results.append({"type": "tool_result", "tool_use_id": block.id, "content": result})
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]

    count = {"model": "claude", "messages": [{"role": "user", "content": QUESTION}]}
    more = {
        "models": lambda: " ".join(model.id for model in api.models.list().data),
        "tokens": lambda: str(api.messages.count_tokens(**count).input_tokens),
    }
    return run, more


SCENARIOS = {
    "chat": {"prompt": QUESTION},
    "stream": {"prompt": QUESTION, "stream": True},
    "tool": {"prompt": "weather of Paris", "tools": WEATHER},
    "toolStream": {"prompt": "weather of Paris", "tools": WEATHER, "stream": True},
    "parallel": {"prompt": "weather of Paris and Rome", "tools": WEATHER},
    "parallelStream": {"prompt": "weather of Paris and Rome", "tools": WEATHER, "stream": True},
    "reasoning": {"prompt": "think of Paris", "stream": True},
    "failure": {"prompt": "fault status 500"},
    "limited": {"prompt": "fault status 429"},
    "invalid": {"prompt": "fault status 400"},
    "reset": {"prompt": "fault reset"},
    "half": {"prompt": "fault half", "stream": True},
    "malformed": {"prompt": "fault malformed", "stream": True},
    "givesUp": {"prompt": "fault gives-up", "stream": True},
    "cancelStream": {"prompt": "fault stall", "stream": True, "cut": True},
}
POLICED = {
    "notGranted": {"prompt": QUESTION, "model": "other"},
    "notGrantedStream": {"prompt": QUESTION, "model": "other", "stream": True},
    "secret": {"prompt": f"the key is {SECRET}"},
    "secretStream": {"prompt": f"the key is {SECRET}", "stream": True},
    "masked": {"prompt": "my card is 4111 1111 1111 1111"},
    "toolAllowed": {"prompt": "find customers", "tools": CUSTOMERS},
    "toolDenied": {"prompt": "erase customers", "tools": CUSTOMERS},
}

run, more = {"python-openai": openai_client, "python-anthropic": anthropic_client}[CLIENT]()
seen = {}


def answer(name, step):
    calls = []
    try:
        seen[name] = {"text": step(calls), "calls": calls}
    except Exception as error:  # noqa: BLE001 - what the library threw is the answer
        seen[name] = {"threw": str(error), "name": type(error).__name__, "status": getattr(error, "status_code", None)}


for name, options in {**SCENARIOS, **(POLICED if MCP_URL else {})}.items():
    answer(name, lambda calls, options=options: run(**{"tools": [], **options}, calls=calls))
for name, step in more.items():
    answer(name, lambda calls, step=step: step())
print(json.dumps(seen))
