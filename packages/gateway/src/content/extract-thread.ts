import { parentPort } from 'node:worker_threads'
import type { ExtractAnswer, ExtractRequest } from './extractor.ts'
import { openBudget } from './limits.ts'
import { readContent } from './read-content.ts'

// Nothing here has a reason to speak to anybody. What a parser is tricked into must not find the means lying about.
for (const name of ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']) Reflect.deleteProperty(globalThis, name)

/** Entry of a reading thread: one piece of content at a time; what is left of it afterwards is garbage. */
parentPort?.on('message', async ({ bytes, declared, limits }: ExtractRequest) => {
  const content = await readContent(bytes, { declared, budget: openBudget(limits), depth: 0 })
  parentPort?.postMessage({ content } satisfies ExtractAnswer)
})
parentPort?.postMessage({} satisfies ExtractAnswer)
