import { ACCOUNT_LIMITS } from '../../account/limits.ts';
import { accountOf } from '../../account/context.ts';
import { ok, type Call, type Route } from '../route.ts';

/** The account itself. */
export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/account', operation: 'account.get', handle: getAccount },
];

function getAccount(call: Call) {
  const { uuid, teamUuid } = accountOf(call.context.state);
  return ok({
    account: {
      droplet_limit: call.context.dropletLimit,
      floating_ip_limit: ACCOUNT_LIMITS.reservedIps,
      reserved_ip_limit: ACCOUNT_LIMITS.reservedIps,
      volume_limit: ACCOUNT_LIMITS.volumes,
      email: 'sandbox@example.com',
      name: 'Sandbox',
      uuid,
      email_verified: true,
      status: 'active',
      status_message: '',
      team: { uuid: teamUuid, name: 'Sandbox' },
    },
  });
}
