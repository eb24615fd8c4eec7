// Settings as the documentation writes them.
import { SOME_APP, SOME_GROUP } from './suite.mjs';

export const EVERYBODY = { target: 'AllUsers', targetType: 'user' };
export const EVERYTHING = { target: 'AllApplications', targetType: 'application' };
export const OFFICE = { target: 'Office365', targetType: 'application' };
export const GROUP = { target: SOME_GROUP, targetType: 'group' };
export const APP = { target: SOME_APP, targetType: 'application' };

/** One half of a setting: `half('allowed', EVERYBODY)`. */
export const half = (accessType, ...targets) => ({ accessType, targets });

/** A setting of users and applications. */
export const setting = (usersAndGroups, applications) => ({ usersAndGroups, applications });

export const OPEN = setting(half('allowed', EVERYBODY), half('allowed', EVERYTHING));
export const CLOSED = setting(half('blocked', EVERYBODY), half('blocked', EVERYTHING));

/** The halves alone, without what a server may say beside them. */
export const halves = (found) => found && setting(found.usersAndGroups, found.applications);
