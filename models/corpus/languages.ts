import type { LanguageText } from './language-text.ts'
import { FURTHER } from './languages-further.ts'
import { WESTERN } from './languages-western.ts'

export const LANGUAGES: Readonly<Record<string, LanguageText>> = { ...WESTERN, ...FURTHER }
