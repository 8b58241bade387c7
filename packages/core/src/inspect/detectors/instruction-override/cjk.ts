import type { Sighting } from '../../define-detector.ts'

/** Chinese, Japanese and Korean are not cut into words: a verb is looked for, and the other parts near it, in either order. */
interface Order {
  readonly code: string
  readonly severity: Sighting['severity']
  readonly verb: RegExp
  /** Each must stand within `REACH_CHARS` of the verb. */
  readonly near: readonly RegExp[]
}

/** How far around a verb its objects may stand, in UTF-16 units. */
const REACH_CHARS = 24
/** Most sightings in one text. */
const SIGHTINGS_MAX = 3

const EARLIER = /之前|以上|先前|上面|前面|此前|所有|全部|一切|先の|以前|前の|上記|これまで|すべて|全て|이전|위의|앞의|모든|지금까지/
const RULES = /指令|指示|提示|规则|規則|说明|要求|命令|约束|限制|プロンプト|ルール|制約|지시|명령|규칙|지침|프롬프트/
const YOURS = /你的|您的|系统|系統|初始|隐藏|内部|あなたの|システム|最初の|隠された|당신의|너의|시스템|초기|숨겨진/

const ORDERS: readonly Order[] = [
  {
    code: 'override',
    severity: 'high',
    verb: /忽略|无视|無視|忽视|忘记|忘掉|忘れ|抛弃|不要理会|不要遵守|取り消|무시|잊어/g,
    near: [EARLIER, RULES],
  },
  {
    code: 'prompt_extraction',
    severity: 'medium',
    verb: /显示|输出|打印|重复|告诉我|泄露|透露|公开|表示し|出力し|教えて|見せて|繰り返し|明かし|보여|출력|알려|공개|반복/g,
    near: [YOURS, RULES],
  },
]

/** The same orders in Chinese, Japanese and Korean. Linear: a bounded stretch around each verb is read. */
export function cjkOrders(text: string): readonly Sighting[] {
  return ORDERS.flatMap(({ code, severity, verb, near }) => {
    const sightings: Sighting[] = []
    for (const found of text.matchAll(verb)) {
      if (sightings.length === SIGHTINGS_MAX) break
      const end = found.index + found[0].length
      const around = text.slice(Math.max(0, found.index - REACH_CHARS), end + REACH_CHARS)
      if (near.every((part) => part.test(around))) sightings.push({ code, severity, start: found.index, end })
    }
    return sightings
  })
}
