import { ACCOUNT_LIMITS } from '../limits.ts';
import { ok, type Call, type Route } from '../route.ts';

/** The account itself. */
export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/account', operation: 'account.get', handle: getAccount },
];

function getAccount(call: Call) {
  return ok({
    account: {
      droplet_limit: call.world.dropletLimit,
      floating_ip_limit: ACCOUNT_LIMITS.reservedIps,
      reserved_ip_limit: ACCOUNT_LIMITS.reservedIps,
      volume_limit: ACCOUNT_LIMITS.volumes,
      email: 'sandbox@example.com',
      name: 'Sandbox',
      uuid: '00000000000040008000000000000000',
      email_verified: true,
      status: 'active',
      status_message: '',
      team: { uuid: '00000000000040008000000000000001', name: 'Sandbox' },
    },
  });
}
