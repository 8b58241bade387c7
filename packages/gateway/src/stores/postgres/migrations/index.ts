import type { Migration } from '../migrate.ts'
import { roles } from './0001-roles.ts'
import { state } from './0002-state.ts'
import { audit } from './0003-audit.ts'
import { budgets } from './0004-budgets.ts'
import { vault } from './0005-vault.ts'
import { cursors } from './0006-cursors.ts'
import { sessions } from './0007-sessions.ts'
import { spends } from './0008-spends.ts'
import { sessionOwners } from './0009-session-owners.ts'
import { peekBudgets } from './0010-peek-budgets.ts'

/** Every migration, oldest first. One that was released is never edited. */
export const MIGRATIONS: readonly Migration[] = [
  roles,
  state,
  audit,
  budgets,
  vault,
  cursors,
  sessions,
  spends,
  sessionOwners,
  peekBudgets,
]
