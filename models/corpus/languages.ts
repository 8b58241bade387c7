import type { LanguageText } from './language-text.ts'
import { EASTERN } from './languages-eastern.ts'
import { NORTHERN } from './languages-northern.ts'
import { WESTERN } from './languages-western.ts'

export const LANGUAGES: Readonly<Record<string, LanguageText>> = { ...WESTERN, ...NORTHERN, ...EASTERN }
