import { startAction } from '../../account/actions/lifecycle.ts';
import { REGION_SLUGS } from '../../account/catalog.ts';
import type { ActionRecord, ImageRecord } from '../../account/records/records.ts';
import { unprocessable } from '../errors.ts';
import { requiredChoice } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, ok, type Call, type Route } from '../route.ts';
import { actionOf, actionView, newestFirst } from './actions.ts';
import { ownImage } from './images.ts';

/** What can be done to the account's images. */
export const imageActionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/images/:image/actions',
    operation: 'imageActions.list',
    handle: call => listReply(call, 'actions', newestFirst(call).filter(isOf(ownImage(call))), actionView),
  },
  {
    method: 'POST',
    path: '/v2/images/:image/actions',
    operation: 'imageActions.create',
    handle: createAction,
  },
  {
    method: 'GET',
    path: '/v2/images/:image/actions/:action',
    operation: 'imageActions.get',
    handle: call => ok(ambiguous(actionView(actionOf(call, isOf(ownImage(call)))))),
  },
];

const isOf =
  ({ id }: ImageRecord) =>
  (action: ActionRecord): boolean =>
    action.imageId === id;

/**
 * The specification has the action's fields at the root, its examples and the clients have them under `action`:
 * both are answered.
 */
const ambiguous = (view: ReturnType<typeof actionView>) => ({ ...view, action: view });

/** One at a time. A transfer adds a region; a conversion makes a snapshot of a backup. */
function createAction(call: Call) {
  const image = ownImage(call);
  const type = requiredChoice(call.body, 'type', ['convert', 'transfer']);
  const order = type === 'transfer' ? transfer(call, image) : conversion(image);
  if (image.actionId !== undefined) throw unprocessable('The image already has a pending event.');
  const action = startAction(call.context, call.operation, { ...order, type, imageId: image.id }, call.now);
  return created(ambiguous(actionView(action)));
}

function transfer({ body }: Call, image: ImageRecord) {
  const region = requiredChoice(body, 'region', REGION_SLUGS);
  if (image.regions.includes(region)) throw unprocessable('The image is already in that region.');
  return { region, effect: { kind: 'transfer-image', region } } as const;
}

function conversion(image: ImageRecord) {
  if (image.kind !== 'backup') throw unprocessable('Only a backup can be converted to a snapshot.');
  return { region: image.regions[0]!, effect: { kind: 'convert-image' } } as const;
}
