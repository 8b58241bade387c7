import { parentPort } from 'node:worker_threads'
import { diskFolder } from './log-folder.ts'
import { answerRequests, type WriterRequest } from './writer-link.ts'

/** Entry of the writer's thread: one request after the other. */
const answer = answerRequests(diskFolder, (reply) => parentPort?.postMessage(reply))
let last: Promise<void> = Promise.resolve()
parentPort?.on('message', (request: WriterRequest) => {
  last = last.then(() => answer(request))
})
