import { hasTerm, terms } from '../../context.ts'
import type { Span } from '../../reading/view.ts'

/** UTF-16 units on each side in which a person and what is done to them are looked for: the sentence and its neighbours. */
const AROUND_CHARS = 140

/** Marks of one particular person. `a patient` and `patients` are people in general. */
const ONE_PERSON =
  /\b(?:(?:the|this|our|your|my|her|his|their) (?:patient|mother|father|mom|dad|wife|husband|son|daughter|brother|sister|client|partner|child|baby)|pt|patient (?:is|was|has|had|reports?|denies|presents?|complains?|states|takes|name|id)|client (?:is|has|continues|reports?)|\d{1,3}[- ]?(?:year[- ]old|y\/?o|yo)|\d{1,2} weeks pregnant|mrn|dob|date of birth)\b|\bpatient ?[:#]/i
/** A person who speaks of their own. */
const FIRST_PERSON =
  /\bI (?:take|took|have|had|am|was)\b|\bI['’]m (?:on|taking|living)\b|\bmy (?:dose|prescription|doctor|diagnosis|medication|symptoms)\b/
/** A title or a role and a name. */
const TITLED = /\b(?:[Mm]rs?|[Mm]s|Mx|Herr|Frau|Sra?|Mme|[Pp]atient|(?:of|for) [A-Z]\p{Ll}+)\.? [A-Z]\p{Ll}/u
/** One person only when an act of taking or having stands with it: a pronoun. */
const PRONOUN = /\b(?:he|she|[Hh]is|[Hh]er|He|She|I|my|My|I'm|I’ve|I've|I’m)\b/
/** A name of two words in front of a verb of having or taking. */
const NAMED =
  /\b[A-Z]\p{Ll}+ (?:[A-Z]\.? )?[A-Z]\p{Ll}+,? (?:is|was|has|takes?|took|started|reports?|\(?(?:DOB|MRN|aged?)|\d{1,3})\b/u

const DOES = {
  takes: terms(
    'take, takes, taking, took, prescribed, prescription, started, start, on, given, administered, allergic, allergy, refill, dose, dosage, mg, mcg, units, tablet, daily, bid, tid, qd, prn, nightly, discontinued, continue, stopped, increased, decreased, switched, tolerating, medication, meds, injection, iv, stopping, failed, authorization, cover, covers, collect, collected, refills, helps',
  ),
  has: terms(
    'diagnosed, diagnosis, dx, has, had, have, history, hx, suffers, suffering, suffered, presents, presented, presenting, positive, treated, treatment, admitted, known, with, pmh, living with, survivor, relapse, flare, stage, chronic, acute, type, confirmed, is, was, am, active, report, reports, worsening, struggle, struggles, problem, check, week, pregnant, gestational, unfit',
  ),
  measured: terms(
    'was, is, level, result, lab, today, last, came back, measured, elevated, count, reading, test, mg, dl, mmol, percent, of',
  ),
} as const

/** Words of news, science, markets and leaflets, which speak of medicines and conditions in general. */
const IN_GENERAL = terms(
  'study, studies, trial, researcher, scientist, market, shares, revenue, sales, analyst, fda, ema, approved, approval, guideline, leaflet, manufacturer, patent, pharmaceutical, company, prevalence, worldwide, million, population, cohort, participant, randomised, randomized, meta analysis, journal, published, article, recipe, lecture, textbook, chapter, awareness, fundraiser, charity, patients, symptoms include, side effects may, consult your doctor, if you, should, warehouse, inventory, wholesale, shipment, documentary, novel, film, album, song, episode, exhibition, charity run, walkathon, pharmacology, molecule, synthesis',
)

/** Whether what stands at a place is said of one person: who `takes` it, `has` it, or of whom it was `measured`. Bounded in time. */
export function personNear(text: string, { start, end }: Span, act: keyof typeof DOES): boolean {
  const around = text.slice(Math.max(0, start - AROUND_CHARS), end + AROUND_CHARS)
  const isOne = ONE_PERSON.test(around) || TITLED.test(around) || FIRST_PERSON.test(around)
  const isSomeone = isOne || NAMED.test(around) || (act !== 'measured' && PRONOUN.test(around))
  // What is said of one person for certain may mention a study; what is said of `he` may be about nobody.
  return isSomeone && hasTerm(around, DOES[act]) && (isOne || !hasTerm(around, IN_GENERAL))
}
