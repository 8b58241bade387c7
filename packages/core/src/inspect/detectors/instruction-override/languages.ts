import { phraseBook, type WordSets } from '../../phrases.ts'

/** The words of one language; sets in capitals as in `book` below. */
interface Language {
  /** Verbs: drop, forget. */
  readonly DROP: string
  /** Earlier, above, all. */
  readonly EARLIER: string
  /** Instructions, rules. */
  readonly RULES: string
  /** Verbs: show, repeat. */
  readonly SHOW: string
  /** Your, system, first, hidden. */
  readonly YOURS: string
  /** Everything. */
  readonly ALL: string
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  de: {
    DROP: 'ignoriere ignorier ignorieren ignoriert vergiss vergesse vergessen missachte missachten verwirf umgehe überschreibe verwerfen überspringe',
    EARLIER:
      'alle aller vorherigen vorherige vorigen bisherigen bisherige obigen obige früheren frühere vorangegangenen vorausgehenden sämtliche deine ursprünglichen',
    RULES:
      'anweisungen anweisung instruktionen befehle regeln vorgaben richtlinien prompts prompt systemprompt aufträge weisungen anordnungen',
    SHOW: 'zeige zeig gib nenne wiederhole verrate offenbare drucke schreibe liste verrat',
    YOURS: 'deinen deine dein ihren ihre system systemprompt ursprünglichen versteckten geheimen internen',
    ALL: 'alles',
  },
  fr: {
    DROP: 'ignore ignorez ignorer oublie oubliez oublier néglige négligez outrepasse outrepassez écarte écartez annule annulez',
    EARLIER: 'précédentes précédente précédents antérieures antérieurs toutes tous dessus initiales originales vos tes',
    RULES: 'instructions instruction consignes consigne règles directives ordres prompt commandes indications',
    SHOW: 'révèle révélez affiche affichez montre montrez répète répétez donne donnez imprime divulgue divulguez',
    YOURS: 'ton tes ta vos votre système initiales secrètes cachées internes',
    ALL: 'tout',
  },
  es: {
    DROP: 'ignora ignore ignorad ignorar olvida olvide olvidar omite omita descarta descarte desobedece anula anule desestima desestime pasa',
    EARLIER: 'anteriores anterior previas previos previa todas todos arriba iniciales originales tus sus',
    RULES: 'instrucciones instrucción órdenes reglas indicaciones directrices prompt comandos normas consignas',
    SHOW: 'revela revele muestra muestre muéstrame repite repita imprime imprima dime enséñame escribe divulga',
    YOURS: 'tu tus su sus sistema iniciales secretas ocultas internas',
    ALL: 'todo',
  },
  it: {
    DROP: 'ignora ignorate ignorare dimentica dimenticate dimenticare tralascia scarta annulla trascura disattendi sovrascrivi',
    EARLIER: 'precedenti precedente tutte tutti sopra iniziali originali tue',
    RULES: 'istruzioni istruzione regole direttive ordini prompt comandi indicazioni',
    SHOW: 'rivela rivelami mostra mostrami ripeti stampa dimmi scrivi divulga',
    YOURS: 'tuo tue tuoi vostre sistema iniziali segrete nascoste interne',
    ALL: 'tutto',
  },
  pt: {
    DROP: 'ignore ignora ignorar esqueça esquece esquecer desconsidere desconsidera descarte despreze anule desobedeça',
    EARLIER: 'anteriores anterior prévias prévios todas todos acima iniciais originais suas tuas',
    RULES: 'instruções instrução regras ordens diretrizes comandos prompt orientações indicações',
    SHOW: 'revele revela mostre mostra repita repete imprima diga exiba escreva divulgue',
    YOURS: 'seu sua suas seus teu tuas sistema iniciais secretas ocultas internas',
    ALL: 'tudo',
  },
  nl: {
    DROP: 'negeer negeren vergeet vergeten omzeil overschrijf verwerp sla',
    EARLIER: 'vorige eerdere voorgaande bovenstaande alle voorafgaande oorspronkelijke jouw je',
    RULES: 'instructies instructie opdrachten regels richtlijnen aanwijzingen bevelen prompt commando',
    SHOW: 'toon onthul herhaal geef print schrijf openbaar vertel',
    YOURS: 'jouw je uw systeem systeemprompt oorspronkelijke geheime verborgen interne',
    ALL: 'alles',
  },
  pl: {
    DROP: 'zignoruj ignoruj zignorować ignorować zapomnij zapomnieć pomiń pomijaj odrzuć obejdź nadpisz',
    EARLIER: 'poprzednie poprzednich wcześniejsze wcześniejszych powyższe powyższych wszystkie wszystkich swoje dotychczasowe',
    RULES: 'instrukcje instrukcji polecenia poleceń zasady zasad reguły reguł wytyczne wytycznych prompt rozkazy',
    SHOW: 'pokaż ujawnij powtórz wypisz wyświetl podaj zdradź napisz',
    YOURS: 'swój swoje swoją twój twoje systemowy systemowe systemowego początkowe tajne ukryte',
    ALL: 'wszystko',
  },
  ru: {
    DROP: 'игнорируй игнорируйте проигнорируй проигнорируйте игнорировать забудь забудьте отбрось отмени отмените пропусти нарушь обойди',
    EARLIER: 'предыдущие предыдущих прежние все всех вышеуказанные вышеприведенные ранние прошлые предшествующие свои',
    RULES: 'инструкции инструкций указания указаний правила команды приказы промпт директивы распоряжения',
    SHOW: 'покажи покажите раскрой раскройте повтори повторите выведи выведите напиши расскажи сообщи',
    YOURS: 'свой свои свою твой твои системный системные системного исходные скрытые секретные начальные',
    ALL: 'всё все',
  },
}

/**
 * One book for all languages, each phrase with the words of one: the order in which a verb, "earlier" and "instructions" stand
 * differs, and both orders are read.
 */
export const otherLanguages = phraseBook(
  Object.fromEntries(
    Object.entries(LANGUAGES).flatMap(([name, sets]) =>
      Object.entries(sets).map(([set, words]) => [`${set}_${name.toUpperCase()}`, words as string]),
    ),
  ) satisfies WordSets,
  Object.keys(LANGUAGES)
    .map((name) => name.toUpperCase())
    .flatMap((name) => [
      [
        'override',
        'high',
        `DROP_${name} ~4 EARLIER_${name} ~3 RULES_${name}`,
        `DROP_${name} ~4 RULES_${name} ~3 EARLIER_${name}`,
      ] as const,
      ['override', 'medium', `^DROP_${name} ~1 ALL_${name}`, `^DROP_${name} ~2 YOURS_${name} ~1 RULES_${name}`] as const,
      [
        'prompt_extraction',
        'medium',
        `^SHOW_${name} ~4 YOURS_${name} ~2 RULES_${name}`,
        `^SHOW_${name} ~3 RULES_${name} ~2 YOURS_${name}`,
      ] as const,
    ]),
)
