import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EMPLOYEES, ORDERS, SUPPLIERS } from './company.ts'

const ROWS_MAX = 500

export type Row = Readonly<Record<string, string | number | null>>

const SCHEMA = `
  CREATE TABLE purchase_orders (id TEXT PRIMARY KEY, department TEXT NOT NULL, supplierId TEXT NOT NULL, amount REAL NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, notes TEXT NOT NULL) STRICT;
  CREATE TABLE suppliers (id TEXT PRIMARY KEY, name TEXT NOT NULL, contact TEXT NOT NULL, rating INTEGER NOT NULL) STRICT;
  CREATE TABLE employees (id TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, email TEXT NOT NULL, salary INTEGER NOT NULL) STRICT;
  CREATE TABLE payments (id INTEGER PRIMARY KEY, iban TEXT NOT NULL, amount REAL NOT NULL, currency TEXT NOT NULL, reference TEXT NOT NULL) STRICT;`

/** Opens the ERP's database in the server's folder and fills it when it is new. */
export function openErp(serverDir: string): DatabaseSync {
  const db = new DatabaseSync(join(serverDir, 'erp.db'))
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'payments'").get() !== undefined) return db
  db.exec(`BEGIN; ${SCHEMA}`)
  const order = db.prepare('INSERT INTO purchase_orders VALUES (?, ?, ?, ?, ?, ?, ?)')
  for (const o of ORDERS) order.run(o.id, o.department, o.supplierId, o.amount, o.currency, o.status, o.notes)
  const supplier = db.prepare('INSERT INTO suppliers VALUES (?, ?, ?, ?)')
  for (const s of SUPPLIERS) supplier.run(s.id, s.name, s.contact, s.rating)
  const employee = db.prepare('INSERT INTO employees VALUES (?, ?, ?, ?, ?)')
  for (const e of EMPLOYEES) employee.run(e.id, e.name, e.department, e.email, e.salary)
  db.exec('COMMIT')
  return db
}

/** Rows of a query, at most `ROWS_MAX`, as plain objects. */
export function rows(db: DatabaseSync, sql: string, ...values: readonly (string | number | null)[]): Row[] {
  return db
    .prepare(`${sql} LIMIT ${ROWS_MAX}`)
    .all(...values)
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, typeof value === 'number' || value === null ? value : String(value)]),
      ),
    )
}
