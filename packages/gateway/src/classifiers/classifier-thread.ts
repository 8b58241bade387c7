import { parentPort, workerData } from 'node:worker_threads'
import { isGatewayError } from '@sallyport/core'
import { loadModel, type LoadedModel, type ModelSpec } from './onnx-model.ts'
import type { ScoreJob, ThreadReply } from './thread-link.ts'

/** Entry of a classifier's thread: loads the model it is given, then answers one job after the other. */
const reply = (message: ThreadReply): void => parentPort?.postMessage(message)

async function answer(model: LoadedModel, { text, head }: ScoreJob): Promise<ThreadReply> {
  try {
    return { score: await model.score(text, head) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : 'unknown' }
  }
}

try {
  // The parent is this package: it sends a specification and jobs, nothing else.
  const model = await loadModel(workerData as ModelSpec)
  parentPort?.on('message', (job: ScoreJob) => {
    void answer(model, job).then(reply)
  })
  reply({ ready: true })
} catch (error) {
  reply({
    refused: isGatewayError(error)
      ? { code: error.code, message: error.message }
      : { code: 'INTERNAL', message: 'the classifier could not be loaded' },
  })
}
