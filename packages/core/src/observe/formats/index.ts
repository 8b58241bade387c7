import { cef } from './cef/index.ts'
import { cloudevents } from './cloudevents/index.ts'
import { ecs } from './ecs/index.ts'
import { notice } from './notice/index.ts'
import { ocsf } from './ocsf/index.ts'
import { otlpLogs, otlpTraces } from './otlp/index.ts'
import { rfc5424 } from './rfc5424/index.ts'

/** Every format. A new one is a folder and a line here; `formats.contract.ts` then tests it. */
export const formats = [ocsf, ecs, cef, rfc5424, otlpLogs, otlpTraces, cloudevents, notice] as const
