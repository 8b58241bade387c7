"""As models.mjs, for the Python libraries of OpenAI and Anthropic: each scenario is one request, printed as one JSON line."""

import json
import sys

client, url, key = sys.argv[1:4]
QUESTION = "What is the capital of France?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


def openai_client():
    from openai import OpenAI

    api = OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)

    def ask(prompt, stream=False, tools=False, model="default"):
        own = {"tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]} if tools else {}
        asked = {"model": model, "messages": [{"role": "user", "content": prompt}], **own}
        if stream:
            with api.chat.completions.stream(**asked) as run:
                message = run.get_final_completion().choices[0].message
        else:
            message = api.chat.completions.create(**asked).choices[0].message
        calls = [[one.function.name, json.loads(one.function.arguments)] for one in message.tool_calls or []]
        return {"text": message.content or "", "calls": calls}

    return ask


def anthropic_client():
    from anthropic import Anthropic

    api = Anthropic(api_key=key, base_url=url, max_retries=0)

    def ask(prompt, stream=False, tools=False, model="claude"):
        own = {"tools": [{"name": "weather", "input_schema": SCHEMA}]} if tools else {}
        asked = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": prompt}], **own}
        if stream:
            with api.messages.stream(**asked) as run:
                answer = run.get_final_message()
        else:
            answer = api.messages.create(**asked)
        return {
            "text": "".join(block.text for block in answer.content if block.type == "text"),
            "calls": [[block.name, block.input] for block in answer.content if block.type == "tool_use"],
        }

    return ask


ask = {"python-openai": openai_client, "python-anthropic": anthropic_client}[client]()
SECRET = "_".join(["ghp", "16C7e42F292c6912E7710c838347Ae178B4a"])
SCENARIOS = {
    "chat": lambda: ask(QUESTION),
    "stream": lambda: ask(QUESTION, stream=True),
    "tool": lambda: ask("weather of Paris", tools=True),
    "toolStream": lambda: ask("weather of Paris", tools=True, stream=True),
    "parallel": lambda: ask("weather of Paris and Rome", tools=True),
    "notGranted": lambda: ask(QUESTION, model="other"),
    "secret": lambda: ask(f"the key is {SECRET}"),
    "failure": lambda: ask("fail"),
}
seen = {}
for name, run in SCENARIOS.items():
    try:
        seen[name] = run()
    except Exception as error:  # noqa: BLE001 - what the library threw is the answer
        seen[name] = {"threw": str(error), "status": getattr(error, "status_code", None)}
print(json.dumps(seen))
