/** The example company's ERP: an MCP server over stdio on a SQLite file. Run as `node erp.ts <folder>`. */
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { DEPARTMENTS, ORDER_STATUSES } from './company.ts'
import { openErp, rows } from './erp-database.ts'
import { serveCountedStdio, serverDirArgument } from './serve-stdio.ts'
import { structured } from './structured.ts'

const TABLES = ['employees', 'purchase_orders', 'suppliers'] as const
const Department = z.enum(DEPARTMENTS)
const Text = z.string().max(500)
const Amount = z.number().positive().max(1_000_000)
const Currency = z.enum(['EUR', 'SEK', 'USD'])

const Order = z.object({
  id: z.string(),
  department: z.string(),
  supplierId: z.string(),
  amount: z.number(),
  currency: z.string(),
  status: z.string(),
  notes: z.string(),
})
const Orders = z.object({ rows: z.array(Order) })

const serverDir = serverDirArgument()
const db = openErp(serverDir)

serveCountedStdio(serverDir, () => {
  const server = new McpServer({ name: 'example-erp', version: '1.0.0' })
  registerOrders(server)
  registerMoney(server)
  return server
})

function registerOrders(server: McpServer): void {
  server.registerTool(
    'readPurchaseOrders',
    {
      description: 'List purchase orders, optionally of one department or in one status.',
      inputSchema: z.object({ department: Department.optional(), status: z.enum(ORDER_STATUSES).optional() }),
      outputSchema: Orders,
      annotations: { readOnlyHint: true },
    },
    ({ department = null, status = null }) =>
      structured({
        rows: rows(
          db,
          'SELECT * FROM purchase_orders WHERE department = coalesce(?, department) AND status = coalesce(?, status) ORDER BY id',
          department,
          status,
        ),
      }),
  )
  server.registerTool(
    'updatePurchaseOrder',
    {
      description: 'Change status or notes of one purchase order. The order must belong to the department named.',
      inputSchema: z.object({
        id: z.string().max(50),
        department: Department,
        status: z.enum(ORDER_STATUSES).optional(),
        notes: Text.optional(),
      }),
      outputSchema: Orders,
      annotations: { readOnlyHint: false, destructiveHint: false },
    },
    ({ id, department, status = null, notes = null }) => {
      const changed = db
        .prepare(
          'UPDATE purchase_orders SET status = coalesce(?, status), notes = coalesce(?, notes) WHERE id = ? AND department = ?',
        )
        .run(status, notes, id, department)
      if (changed.changes === 0) throw new Error('no such order in this department')
      return structured({ rows: rows(db, 'SELECT * FROM purchase_orders WHERE id = ?', id) })
    },
  )
  server.registerTool(
    'createDraftPO',
    {
      description: 'Create a draft purchase order.',
      inputSchema: z.object({
        supplierId: z.string().max(50),
        amount: Amount,
        currency: Currency,
        department: Department,
        notes: Text.default(''),
      }),
      outputSchema: Orders,
    },
    ({ supplierId, amount, currency, department, notes }) => {
      const { count } = z.object({ count: z.number() }).parse(rows(db, 'SELECT count(*) AS count FROM purchase_orders')[0])
      const id = `PO-${1001 + count}`
      db.prepare("INSERT INTO purchase_orders VALUES (?, ?, ?, ?, ?, 'draft', ?)").run(
        id,
        department,
        supplierId,
        amount,
        currency,
        notes,
      )
      return structured({ rows: rows(db, 'SELECT * FROM purchase_orders WHERE id = ?', id) })
    },
  )
}

function registerMoney(server: McpServer): void {
  server.registerTool(
    'payInvoice',
    {
      description: 'Pay an invoice by bank transfer. Cannot be undone.',
      inputSchema: z.object({ iban: z.string().min(5).max(34), amount: Amount, currency: Currency, reference: Text }),
      outputSchema: z.object({ paymentId: z.int() }),
      annotations: { destructiveHint: true },
    },
    ({ iban, amount, currency, reference }) => {
      const paid = db
        .prepare('INSERT INTO payments (iban, amount, currency, reference) VALUES (?, ?, ?, ?)')
        .run(iban, amount, currency, reference)
      return structured({ paymentId: Number(paid.lastInsertRowid) })
    },
  )
  server.registerTool(
    'exportTable',
    {
      description: 'Export every row of one table.',
      inputSchema: z.object({ table: z.enum(TABLES) }),
      outputSchema: z.object({ rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))) }),
      annotations: { readOnlyHint: true },
    },
    ({ table }) => structured({ rows: rows(db, `SELECT * FROM ${table} ORDER BY id`) }),
  )
}
