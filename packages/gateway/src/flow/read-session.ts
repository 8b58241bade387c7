import { SESSION_PAGE_ITEMS_MAX, type SessionItem, type SessionStore } from '@sallyport/core'

/** All that follows a place, however much. @throws GatewayError `STORE_UNAVAILABLE` */
export async function* itemsOf(store: SessionStore, session: string, after: number): AsyncGenerator<SessionItem> {
  for (let from = after; ;) {
    const page = await store.read(session, from)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < SESSION_PAGE_ITEMS_MAX) return
    from = last.seq
  }
}
