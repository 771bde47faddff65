export { catalogue, type ErrorCode, errorCodes } from './catalogue.ts';
export { HelpAsked, PlatformError, toPlatformError } from './platform-error.ts';
export { type ErrorFormat, feastError, inferenceError, mlflowError, problem, type WireError } from './wire.ts';
