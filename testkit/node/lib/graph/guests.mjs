// Guests: invited, read, changed, deleted and brought back.
import { has, holds, refused, same } from './suite.mjs';

const ADDRESS = 'bo@adatum.example';

export async function guests(suite) {
  const { client } = suite;
  const invite = (more = {}) => client.api('/invitations').post({
    invitedUserEmailAddress: ADDRESS, inviteRedirectUrl: 'https://payroll.contoso.com/', ...more,
  });
  let id;
  const user = () => client.api(`/users/${id}`);
  const gone = () => client.api(`/directory/deletedItems/${id}`);

  await suite.step('invitations: create', async () => {
    const made = await invite({ invitedUserDisplayName: 'Bo' });
    id = made.invitedUser.id;
    suite.atTheEnd(async () => {
      await user().delete();
      await gone().delete();
    });
    has(made, { status: 'PendingAcceptance', invitedUserType: 'Guest', invitedUserEmailAddress: ADDRESS });
    holds(made.inviteRedeemUrl.includes('/.crossgate/redeem?'), 'it has no link');
  });

  await suite.step('users: get, list, patch', async () => {
    has(await user().get(), { id, mail: ADDRESS, externalUserState: 'PendingAcceptance', displayName: 'Bo' });
    const listed = await client.api('/users').filter(`mail eq '${ADDRESS}'`).select('id').get();
    same('ids', listed.value.map((each) => each.id), [id]);
    await user().patch({ companyName: 'Adatum' });
    has(await user().get(), { companyName: 'Adatum' });
  });

  await suite.step('users: delete and restore', async () => {
    await user().delete();
    await refused(user().get(), 404);
    has(await client.api(`/directory/deletedItems/${id}/restore`).post({}), { id });
    has(await user().get(), { id });
  });

  await suite.step('invitations: resetRedemption', async () => {
    const reset = await invite({ invitedUserEmailAddress: 'bob@adatum.example', resetRedemption: true, invitedUser: { id } });
    same('the guest', reset.invitedUser.id, id);
    has(await user().get(), { mail: 'bob@adatum.example', externalUserState: 'PendingAcceptance' });
  });
}
