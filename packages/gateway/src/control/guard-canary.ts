import { CANARY_RANDOM_BYTES, makeCanary } from '@sallyport/core'
import { z } from 'zod'
import { defineVerb } from './define-verb.ts'

export const guardCanary = defineVerb({
  name: 'guard.canary',
  summary: 'Make a token to plant where nobody has a reason to read it; on its way out it is stopped',
  roles: ['owner', 'security'],
  input: z.strictObject({
    place: z.string().trim().min(3).max(200).meta({ description: 'Where it will be planted; it is recorded.' }),
  }),
  output: z.strictObject({
    canary: z.string().meta({ description: 'Shown once and stored nowhere: it is recognised by its key.' }),
  }),
  run(deps, { place }) {
    const canary = makeCanary(deps.randomBytes(CANARY_RANDOM_BYTES), deps.home.deriveKey('canary'))
    return { output: { canary }, detail: { place } }
  },
})
