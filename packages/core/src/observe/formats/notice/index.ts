import { defineFormat } from '../../define-format.ts'
import { jsonLine } from '../../json-line.ts'
import { noticeOf } from '../../notice.ts'

/** The message that channels send to people, for a receiver that has a channel of its own. */
export const notice = defineFormat({
  id: 'notice',
  mediaType: 'application/json',
  bytesMax: 32_768,
  format: (event, context) => {
    const { id, time, kind, severity, priority, log } = event
    return jsonLine({ id, time, kind, severity, priority, ...noticeOf(event, context), log })
  },
})
