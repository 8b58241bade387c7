import { isGatewayError } from '@sallyport/core'
import type { ChildReply, ScoreJob } from './child-link.ts'
import { loadModel, type LoadedModel, type ModelSpec } from './onnx-model.ts'

/** Entry of a classifier's process: loads the model the first message names, then answers one job after the other. */
type Request = { readonly spec: ModelSpec } | ScoreJob

let model: Promise<LoadedModel> | undefined

async function answer(request: Request): Promise<ChildReply> {
  if ('spec' in request) {
    try {
      model = loadModel(request.spec)
      await model
      return { ready: true }
    } catch (error) {
      return {
        refused: isGatewayError(error)
          ? { code: error.code, message: error.message }
          : { code: 'INTERNAL', message: 'the classifier could not be loaded' },
      }
    }
  }
  try {
    if (model === undefined) throw new Error('no model is loaded')
    return { score: await (await model).score(request.text, request.head) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : 'unknown' }
  }
}

process.on('message', (request: Request) => {
  void answer(request).then((reply) => process.send?.(reply))
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit())
