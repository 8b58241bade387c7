/** One class of OCSF with what is its own; the members that all classes share are added here. */
export interface OcsfClass {
  readonly category: number
  readonly classUid: number
  readonly activity: number
  /** Name of the activity where `activity` is 99. */
  readonly activityName?: string
  readonly profiles: readonly string[]
  readonly members: object
}
