// Kinds of frames of a guest's thread (docs/wire-protocol.md, "Guests"); stackswitch/backends/node/guests/messages.py has the same.

export const KIND = {
  HOST_CALL: 16,
  RETURNED: 17,
  FAILED: 18,
  BYTES: 19,
  HOST_RESULT: 24,
  HOST_REJECT: 25, // the host function failed: the guest is to be abandoned
  CALL: 26,
  CALL_NOW: 27,
  READ: 28,
  WRITE: 29,
  ABANDON: 30,
  MAIN: 40, // of a shared process: bytes of a thread's main stream
  BLOCKING: 41, // and of its blocking stream
};
