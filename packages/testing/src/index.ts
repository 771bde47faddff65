export { suite } from './suite.ts';
export { findTool, needTool } from './tools.ts';
