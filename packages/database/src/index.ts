export { Database, type DialectName, openDatabase, openPostgres, openSqlite } from './database.ts';
export { isUniqueViolation } from './database-error.ts';
export { columnTypes, migrate, type SchemaStep } from './migrate.ts';
