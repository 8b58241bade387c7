import { agentLoop } from './agent-loop/index.ts'
import { contentDrift } from './content-drift/index.ts'
import { deniedBurst } from './denied-burst/index.ts'
import { evidenceLapse } from './evidence-lapse/index.ts'
import { foreignCredential } from './foreign-credential/index.ts'
import { guardWeakened } from './guard-weakened/index.ts'
import { hostileContent } from './hostile-content/index.ts'
import { outcomeDrift } from './outcome-drift/index.ts'
import { recordDamage } from './record-damage/index.ts'
import { saturation } from './saturation/index.ts'
import { undeclaredClass } from './undeclared-class/index.ts'
import { unusualBehaviour } from './unusual-behaviour/index.ts'

/** Every rule. A new one is a folder and a line here; `rules.contract.ts` then tests it. */
export const rules = [
  agentLoop,
  contentDrift,
  deniedBurst,
  evidenceLapse,
  foreignCredential,
  guardWeakened,
  hostileContent,
  outcomeDrift,
  recordDamage,
  saturation,
  undeclaredClass,
  unusualBehaviour,
] as const
