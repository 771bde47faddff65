/**
 * Every error that the platform can answer, once. `status` is the HTTP status, `title` what the code means.
 * Each code is documented in docs/reference/errors.md (a test compares both).
 * A code that is retired is never used again for something else.
 */
export const catalogue = {
  MALFORMED_REQUEST: { status: 400, title: 'The request could not be read' },
  INVALID_PARAMETER: { status: 400, title: 'A parameter has a value that is not allowed' },
  MISSING_PARAMETER: { status: 400, title: 'A required parameter is missing' },
  INVALID_STATE: { status: 400, title: 'The resource is in a state that does not allow this' },
  INVALID_TENSOR: { status: 400, title: 'An input tensor does not fit the model' },
  INVALID_MODEL: { status: 400, title: 'The model cannot be served' },
  INVALID_PATH: { status: 400, title: 'A path is not safe' },
  ALREADY_EXISTS: { status: 400, title: 'A resource of this name exists' },
  UNAUTHENTICATED: { status: 401, title: 'The caller is not known' },
  BUDGET_EXCEEDED: { status: 402, title: 'A budget is spent' },
  PERMISSION_DENIED: { status: 403, title: 'The caller may not do this' },
  FOREIGN_HOST: { status: 403, title: 'The Host or Origin header is not one of this server' },
  NOT_FOUND: { status: 404, title: 'The resource does not exist' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The address does not answer this method' },
  SLOW_BODY: { status: 408, title: 'The request body arrives too slowly' },
  CONFLICT: { status: 409, title: 'Somebody else changed the resource, or the change contradicts its state' },
  DIGEST_MISMATCH: { status: 409, title: 'The bytes are not those that were registered' },
  GATE_REFUSED: { status: 409, title: 'A governance gate does not hold' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The request body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not supported' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'The requested range lies outside of the object' },
  MISSING_FEATURES: { status: 422, title: 'Features that the model needs are not there' },
  DEPLOYMENT_FAILED: { status: 422, title: 'The model did not become ready' },
  QUOTA_EXCEEDED: { status: 429, title: 'A quota of the team is used up' },
  RATE_LIMITED: { status: 429, title: 'The team asks more often than its quota allows' },
  TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many sign-ins have failed' },
  OVERLOADED: { status: 429, title: 'The queue is full; try again later' },
  INTERNAL: { status: 500, title: 'The platform failed' },
  NOT_IMPLEMENTED: { status: 501, title: 'This server does not offer the operation' },
  UPSTREAM_FAILED: { status: 502, title: 'A server behind the platform failed' },
  NOT_READY: { status: 503, title: 'The resource is not ready yet' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database cannot be reached' },
  TIMEOUT: { status: 504, title: 'The operation took too long' },
  STORAGE_FULL: { status: 507, title: 'There is no space left to store this' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof catalogue;
export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];
