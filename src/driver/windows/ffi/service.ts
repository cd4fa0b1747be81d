// The state of a Windows service. Source: winsvc.h.
import type { ServiceState } from '../elevated/system.ts';
import type { Calls } from './calls.ts';
import { isNull } from './process.ts';

/** SC_MANAGER_CONNECT, which every user has. */
const CONNECT = 1;
const SERVICE_QUERY_STATUS = 4;
const SC_STATUS_PROCESS_INFO = 0;
const SERVICE_STATUS_PROCESS_BYTES = 36;
const SERVICE_STOPPED = 1;
const SERVICE_RUNNING = 4;
const ERROR_SERVICE_DOES_NOT_EXIST = 1060;

export function serviceState(calls: Calls, name: string): ServiceState {
  const manager = calls.now('OpenSCManagerW', null, null, CONNECT);
  if (isNull(manager)) calls.failLast('OpenSCManagerW', 'this system');
  try {
    const service = calls.now('OpenServiceW', manager, name, SERVICE_QUERY_STATUS);
    if (isNull(service)) {
      if (calls.lastError() === ERROR_SERVICE_DOES_NOT_EXIST) return 'missing';
      calls.failLast('OpenServiceW', name);
    }
    try {
      const status = Buffer.alloc(SERVICE_STATUS_PROCESS_BYTES);
      if (calls.now('QueryServiceStatusEx', service, SC_STATUS_PROCESS_INFO, status, status.length, [0]) === 0) {
        calls.failLast('QueryServiceStatusEx', name);
      }
      const state = status.readUInt32LE(4);
      return state === SERVICE_RUNNING ? 'running' : state === SERVICE_STOPPED ? 'stopped' : 'changing';
    } finally {
      calls.now('CloseServiceHandle', service);
    }
  } finally {
    calls.now('CloseServiceHandle', manager);
  }
}
